// A session of @solana/web3.js (with spl-token and anchor): one JSON line per observation.
// node session.mjs < setup.json

import { readFileSync } from "node:fs";

import anchor from "@coral-xyz/anchor";
import { createAssociatedTokenAccount, createMint, getAccount, getMint, mintTo } from "@solana/spl-token";
import {
  AddressLookupTableProgram,
  Connection,
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
  sendAndConfirmTransaction,
} from "@solana/web3.js";

const { AnchorProvider, BN, Program, Wallet } = anchor;
const setup = JSON.parse(readFileSync(0, "utf8"));
const see = (name, value) => process.stdout.write(JSON.stringify({ name, value }) + "\n");
const connection = new Connection(setup.url, { commitment: "confirmed", wsEndpoint: setup.ws_url });
const user = Keypair.fromSecretKey(Uint8Array.from(setup.user));
const relayer = Keypair.fromSecretKey(Uint8Array.from(setup.relayer));
const friend = new PublicKey(setup.friend);
const quoteMint = new PublicKey(setup.quote_mint);
const market = new PublicKey(setup.market);
const at = (name) => new PublicKey(setup.addresses[name]);
const program = (name) => {
  const idl = JSON.parse(readFileSync(`${setup.idl_folder}/${name}.json`, "utf8"));
  return new Program(idl, new AnchorProvider(connection, new Wallet(user), { commitment: "confirmed" }));
};
const once = (subscribe) => new Promise((resolve) => subscribe(resolve));
const send = (...instructions) =>
  sendAndConfirmTransaction(connection, new Transaction().add(...instructions), [user]);
const pay = (lamports) =>
  SystemProgram.transfer({ fromPubkey: user.publicKey, toPubkey: friend, lamports });

async function lamports() {
  const drop = await connection.requestAirdrop(user.publicKey, 5_000_000_000);
  const latest = await connection.getLatestBlockhash();
  await connection.confirmTransaction({ signature: drop, ...latest }, "confirmed");
  see("balance after an airdrop", await connection.getBalance(user.publicKey));
  const signature = await send(pay(1_000_000_000));
  see("balance of the friend", await connection.getBalance(friend));
  const view = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  see("fee of a transfer", view.meta.fee);
  see("error of a transfer", view.meta.err);
  see("balances changed by a transfer", view.meta.postBalances.map((after, i) => after - view.meta.preBalances[i]));
  const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 });
  see("parsed transfer", parsed.transaction.message.instructions[0].parsed.info.lamports);
  const status = await connection.getSignatureStatus(signature);
  see("status of a transfer", status.value.err);
  try {
    await send(pay(10 ** 15));
    see("too large a transfer", "went through");
  } catch (error) {
    see("too large a transfer", error.message.includes("custom program error: 0x1"));
    see("logs of the refusal", error.logs.length > 0);
  }
  const listed = await connection.getSignaturesForAddress(friend);
  see("signatures of the friend", listed.map((entry) => entry.signature === signature));
  const account = await connection.getAccountInfo(friend);
  see("owner of the friend", account.owner.toBase58());
  see("account of nobody", await connection.getAccountInfo(new PublicKey(setup.nobody)));
}

async function tokens() {
  const mint = await createMint(connection, user, user.publicKey, null, 9);
  see("decimals of the new mint", (await getMint(connection, mint)).decimals);
  const account = await createAssociatedTokenAccount(connection, user, mint, user.publicKey);
  see("empty token account", (await getAccount(connection, account)).amount.toString());
  await mintTo(connection, user, mint, account, user, 7_000_000_000n);
  see("minted", (await getAccount(connection, account)).amount.toString());
  see("supply", (await connection.getTokenSupply(mint)).value.uiAmountString);
  see("token balance", (await connection.getTokenAccountBalance(account)).value.amount);
  const owned = await connection.getParsedTokenAccountsByOwner(user.publicKey, { mint });
  see("token accounts of the user", owned.value.map((entry) => entry.account.data.parsed.info.tokenAmount.amount));
}

async function exchange() {
  const vault = program("collateral_vault");
  const positions = program("position_mgmt");
  const money = { quoteMint, tokenAuthority: user.publicKey, owner: user.publicKey };
  const vaultAccounts = {
    ...money,
    vaultState: at("vault_state"),
    vaultToken: at("vault_token"),
    collateral: at("collateral"),
    tokenProgram: at("token_program"),
  };
  await vault.methods.openAccount().accounts({ payer: user.publicKey, owner: user.publicKey }).rpc();
  const depositing = { ...vaultAccounts, depositorToken: at("user_token") };
  await vault.methods.deposit(new BN(setup.deposit_atoms)).accountsPartial(depositing).rpc();
  const free = async () => (await vault.account.collateral.fetch(at("collateral"))).freeAtoms.toString();
  see("free after the deposit", await free());
  const opening = { payer: user.publicKey, owner: user.publicKey, market };
  await positions.methods.openPosition(5).accounts(opening).rpc();
  const adding = {
    owner: user.publicKey,
    market,
    position: at("position"),
    collateral: at("collateral"),
    pool: at("pool"),
  };
  await positions.methods.addCollateral(new BN(setup.margin_atoms)).accountsPartial(adding).rpc();
  const position = () => positions.account.userPosition.fetch(at("position"));
  see("collateral of the position", (await position()).collateral.toString());
  await settle();
  const settled = await position();
  see("size after the batch", settled.size.toString());
  see("entry price after the batch", settled.entryPrice.toString());
  const kept = await positions.account.settlementBatch.fetch(at("batch"));
  see("trades in the record of the batch", [kept.sequence.toString(), kept.tradeCount]);
  see("positions found by memcmp", (await positions.account.userPosition.all([
    { memcmp: { offset: 8, bytes: user.publicKey.toBase58() } },
  ])).length);
  const withdrawing = { ...vaultAccounts, recipientToken: at("user_token") };
  await vault.methods.withdraw(new BN(setup.withdraw_atoms)).accountsPartial(withdrawing).rpc();
  see("free after the withdrawal", await free());
  see("tokens after the withdrawal", (await connection.getTokenAccountBalance(at("user_token"))).value.amount);
  try {
    await vault.methods.withdraw(new BN(setup.deposit_atoms)).accountsPartial(withdrawing).rpc();
    see("too large a withdrawal", "went through");
  } catch (error) {
    see("too large a withdrawal", [error.error.errorCode.number, error.error.errorCode.code]);
  }
}

async function settle() {
  const { program_id, accounts, data } = setup.settle_batch;
  const keys = accounts.map(([key, isSigner, isWritable]) => ({ pubkey: new PublicKey(key), isSigner, isWritable }));
  const instruction = new TransactionInstruction({
    programId: new PublicKey(program_id),
    keys,
    data: Buffer.from(data, "base64"),
  });
  const signature = await sendAndConfirmTransaction(connection, new Transaction().add(instruction), [relayer]);
  const view = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  const coder = program("position_mgmt").coder.events;
  const inner = view.meta.innerInstructions.flatMap((group) => group.instructions);
  const events = inner
    .map((instruction) => anchor.utils.bytes.bs58.decode(instruction.data))
    .map((bytes) => coder.decode(Buffer.from(bytes.subarray(8)).toString("base64")))
    .filter((event) => event !== null);
  const names = events.map((event) => event.name[0].toUpperCase() + event.name.slice(1)); // anchor says batchSettled
  see("events of the batch", names.sort());
}

async function lookupTable() {
  const slot = await connection.getSlot("finalized");
  const [create, table] = AddressLookupTableProgram.createLookupTable({
    authority: user.publicKey,
    payer: user.publicKey,
    recentSlot: slot,
  });
  const extend = AddressLookupTableProgram.extendLookupTable({
    payer: user.publicKey,
    authority: user.publicKey,
    lookupTable: table,
    addresses: [friend],
  });
  await send(create, extend);
  const known = await connection.getSlot("confirmed");
  while ((await connection.getSlot("confirmed")) <= known + 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const found = (await connection.getAddressLookupTable(table)).value;
  see("addresses of the lookup table", found.state.addresses.map((key) => key.toBase58()));
  const latest = await connection.getLatestBlockhash();
  const message = new TransactionMessage({
    payerKey: user.publicKey,
    recentBlockhash: latest.blockhash,
    instructions: [pay(3)],
  }).compileToV0Message([found]);
  const transaction = new VersionedTransaction(message);
  transaction.sign([user]);
  const simulated = await connection.simulateTransaction(transaction, { sigVerify: true });
  see("simulated through the table", [simulated.value.err, simulated.value.unitsConsumed]);
  const signature = await connection.sendTransaction(transaction);
  await connection.confirmTransaction({ signature, ...latest }, "confirmed");
  const view = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  see("version of the transaction", view.version);
  see("addresses loaded from the table", view.meta.loadedAddresses.writable.map((key) => key.toBase58()));
}

async function subscriptions() {
  const seen = {
    account: once((resolve) => connection.onAccountChange(friend, resolve, { commitment: "confirmed" })),
    logs: once((resolve) => connection.onLogs(friend, resolve, "confirmed")),
    program: once((resolve) =>
      connection.onProgramAccountChange(SystemProgram.programId, resolve, {
        commitment: "confirmed",
        filters: [{ memcmp: { offset: 0, bytes: "" } }],
      }),
    ),
    slot: once((resolve) => connection.onSlotChange(resolve)),
    root: once((resolve) => connection.onRootChange(resolve)),
  };
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = await connection.getBalance(friend);
  const latest = await connection.getLatestBlockhash();
  const transaction = new Transaction({ feePayer: user.publicKey, ...latest }).add(pay(2_000_000));
  transaction.sign(user);
  const signature = anchor.utils.bytes.bs58.encode(transaction.signature);
  const status = once((resolve) => connection.onSignature(signature, resolve, "confirmed"));
  await connection.sendRawTransaction(transaction.serialize());
  see("signature notification", (await status).err);
  see("account notification", (await seen.account).lamports - before);
  const logs = await seen.logs;
  see("logs notification", [logs.err, logs.logs, logs.signature === signature]);
  see("program notification", (await seen.program).accountInfo.owner.toBase58());
  see("slot notification", Object.keys(await seen.slot).sort());
  see("root notification", typeof (await seen.root));
}

for (const part of [lamports, tokens, exchange, lookupTable, subscriptions]) await part();
process.exit(0);
