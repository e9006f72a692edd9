// A session of @solana/kit (with @solana-program/*): one JSON line per observation.
// node session.mjs < setup.json

import { readFileSync } from "node:fs";

import { getSetComputeUnitLimitInstruction } from "@solana-program/compute-budget";
import { getAddMemoInstruction } from "@solana-program/memo";
import { getCreateAccountInstruction, getTransferSolInstruction } from "@solana-program/system";
import {
  TOKEN_PROGRAM_ADDRESS,
  fetchMint,
  fetchToken,
  findAssociatedTokenPda,
  getCreateAssociatedTokenInstructionAsync,
  getInitializeMint2Instruction,
  getMintSize,
  getMintToInstruction,
} from "@solana-program/token";
import {
  AccountRole,
  address,
  airdropFactory,
  appendTransactionMessageInstructions,
  compressTransactionMessageUsingAddressLookupTables,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
  createTransactionMessage,
  fetchAddressesForLookupTables,
  fetchEncodedAccount,
  generateKeyPairSigner,
  getAddressEncoder,
  getBase58Encoder,
  getBase64EncodedWireTransaction,
  getProgramDerivedAddress,
  getSignatureFromTransaction,
  getU64Encoder,
  isSolanaError,
  lamports,
  pipe,
  sendAndConfirmTransactionFactory,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from "@solana/kit";

import { Idl } from "./idl.mjs";

const setup = JSON.parse(readFileSync(0, "utf8"));
const show = (_, value) => (typeof value === "bigint" ? Number(value) : value);
const see = (name, value) => process.stdout.write(JSON.stringify({ name, value }, show) + "\n");
const rpc = createSolanaRpc(setup.url);
const rpcSubscriptions = createSolanaRpcSubscriptions(setup.ws_url);
const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions });
const confirmed = { commitment: "confirmed" };
const view0 = { ...confirmed, maxSupportedTransactionVersion: 0, encoding: "json" };
const user = await createKeyPairSignerFromBytes(Uint8Array.from(setup.user));
const relayer = await createKeyPairSignerFromBytes(Uint8Array.from(setup.relayer));
const friend = address(setup.friend);
const at = setup.addresses;
const MEMO = address("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const idl = (name) => new Idl(`${setup.idl_folder}/${name}.json`);

async function signed(instructions, { payer = user, tables } = {}) {
  const { value: latest } = await rpc.getLatestBlockhash(confirmed).send();
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (m) => setTransactionMessageFeePayerSigner(payer, m),
    (m) => setTransactionMessageLifetimeUsingBlockhash(latest, m),
    (m) => appendTransactionMessageInstructions(instructions, m),
    (m) => (tables ? compressTransactionMessageUsingAddressLookupTables(m, tables) : m),
  );
  return signTransactionMessageWithSigners(message);
}

async function send(instructions, options) {
  const transaction = await signed(instructions, options);
  await sendAndConfirm(transaction, confirmed);
  return getSignatureFromTransaction(transaction);
}

const pay = (amount) =>
  getTransferSolInstruction({ source: user, destination: friend, amount: lamports(amount) });
const balance = async (key) => (await rpc.getBalance(key, confirmed).send()).value;

function refusal(error) {
  for (let cause = error; cause; cause = cause.cause) {
    if (isSolanaError(cause) && cause.context?.code !== undefined) return cause.context.code;
  }
  return String(error);
}

async function refused(name, instructions, explain) {
  try {
    await send(instructions);
    see(name, "went through");
  } catch (error) {
    see(name, explain(refusal(error)));
    return error;
  }
}

async function sol() {
  const airdrop = airdropFactory({ rpc, rpcSubscriptions });
  await airdrop({ ...confirmed, lamports: lamports(5_000_000_000n), recipientAddress: user.address });
  see("balance after an airdrop", await balance(user.address));
  const signature = await send([pay(1_000_000_000n)]);
  see("balance of the friend", await balance(friend));
  const { meta } = await rpc.getTransaction(signature, view0).send();
  see("fee of a transfer", meta.fee);
  see("error of a transfer", meta.err);
  see("balances changed by a transfer", meta.postBalances.map((after, i) => after - meta.preBalances[i]));
  const parsed = await rpc.getTransaction(signature, { ...view0, encoding: "jsonParsed" }).send();
  see("parsed transfer", parsed.transaction.message.instructions[0].parsed.info.lamports);
  const { value: [status] } = await rpc.getSignatureStatuses([signature]).send();
  see("status of a transfer", status.err);
  const error = await refused("too large a transfer", [pay(10n ** 15n)], (code) => code === 1);
  see("logs of the refusal", error.context.logs.length > 0);
  const listed = await rpc.getSignaturesForAddress(friend, confirmed).send();
  see("signatures of the friend", listed.map((entry) => entry.signature === signature));
  see("owner of the friend", (await fetchEncodedAccount(rpc, friend, confirmed)).programAddress);
  const nobody = await fetchEncodedAccount(rpc, setup.nobody, confirmed);
  see("account of nobody", nobody.exists ? "exists" : null);
  const noted = await send([getSetComputeUnitLimitInstruction({ units: 60_000 }), getAddMemoInstruction({ memo: "hi" }, { programAddress: MEMO })]);
  const { meta: memo } = await rpc.getTransaction(noted, view0).send();
  see("log of a memo", memo.logMessages.filter((line) => line.includes("Memo (len")));
}

async function tokens() {
  const mint = await generateKeyPairSigner();
  const space = BigInt(getMintSize());
  const rent = await rpc.getMinimumBalanceForRentExemption(space).send();
  await send([
    getCreateAccountInstruction({
      payer: user, newAccount: mint, lamports: rent, space, programAddress: TOKEN_PROGRAM_ADDRESS,
    }),
    getInitializeMint2Instruction({ mint: mint.address, decimals: 9, mintAuthority: user.address }),
  ]);
  see("decimals of the new mint", (await fetchMint(rpc, mint.address, confirmed)).data.decimals);
  await send([await getCreateAssociatedTokenInstructionAsync({ payer: user, owner: user.address, mint: mint.address })]);
  const [token] = await findAssociatedTokenPda({
    owner: user.address, mint: mint.address, tokenProgram: TOKEN_PROGRAM_ADDRESS,
  });
  const held = async () => (await fetchToken(rpc, token, confirmed)).data.amount.toString();
  see("empty token account", await held());
  await send([getMintToInstruction({ mint: mint.address, token, mintAuthority: user, amount: 7_000_000_000n })]);
  see("minted", await held());
  see("supply", (await rpc.getTokenSupply(mint.address, confirmed).send()).value.uiAmountString);
  see("token balance", (await rpc.getTokenAccountBalance(token, confirmed).send()).value.amount);
  const options = { ...confirmed, encoding: "jsonParsed" };
  const { value } = await rpc.getTokenAccountsByOwner(user.address, { mint: mint.address }, options).send();
  see("token accounts of the user", value.map((entry) => entry.account.data.parsed.info.tokenAmount.amount));
}

async function exchange() {
  const [vault, positions] = [idl("collateral_vault"), idl("position_mgmt")];
  const read = async (program, name, key) =>
    program.account(name, (await fetchEncodedAccount(rpc, key, confirmed)).data);
  const free = async () => (await read(vault, "Collateral", at.collateral)).free_atoms.toString();
  const ofVault = {
    ...at, payer: user, owner: user, token_authority: user, quote_mint: setup.quote_mint,
    event_authority: at.vault_events, program: vault.address,
  };
  await send([vault.instruction("open_account", {}, ofVault)]);
  const money = (name, atoms) =>
    vault.instruction(name, { amount_atoms: BigInt(atoms) }, {
      ...ofVault, depositor_token: at.user_token, recipient_token: at.user_token,
    });
  await send([money("deposit", setup.deposit_atoms)]);
  see("free after the deposit", await free());
  const ofMarket = {
    ...at, payer: user, owner: user, market: setup.market,
    event_authority: at.market_events, program: positions.address,
  };
  await send([positions.instruction("open_position", { leverage: 5 }, ofMarket)]);
  await send([positions.instruction("add_collateral", { amount_atoms: BigInt(setup.margin_atoms) }, ofMarket)]);
  const position = () => read(positions, "UserPosition", at.position);
  see("collateral of the position", (await position()).collateral.toString());
  await settle(positions);
  const settled = await position();
  see("size after the batch", settled.size.toString());
  see("entry price after the batch", settled.entry_price.toString());
  const kept = await read(positions, "SettlementBatch", at.batch);
  see("trades in the record of the batch", [kept.sequence.toString(), kept.trade_count]);
  const filters = [{ memcmp: { offset: 8n, bytes: user.address, encoding: "base58" } }];
  const found = await rpc.getProgramAccounts(positions.address, { ...confirmed, encoding: "base64", filters }).send();
  see("positions found by memcmp", found.length);
  await send([money("withdraw", setup.withdraw_atoms)]);
  see("free after the withdrawal", await free());
  see("tokens after the withdrawal", (await rpc.getTokenAccountBalance(at.user_token, confirmed).send()).value.amount);
  await refused("too large a withdrawal", [money("withdraw", setup.deposit_atoms)], (code) => [code, vault.error(code)]);
}

async function settle(positions) {
  const { program_id, accounts, data } = setup.settle_batch;
  const role = (isSigner, isWritable) =>
    isSigner ? (isWritable ? AccountRole.WRITABLE_SIGNER : AccountRole.READONLY_SIGNER)
      : isWritable ? AccountRole.WRITABLE : AccountRole.READONLY;
  const instruction = {
    programAddress: program_id,
    accounts: accounts.map(([key, isSigner, isWritable]) => ({
      address: key, role: role(isSigner, isWritable), ...(isSigner ? { signer: relayer } : {}),
    })),
    data: Uint8Array.from(Buffer.from(data, "base64")),
  };
  const signature = await send([instruction], { payer: relayer });
  const { meta } = await rpc.getTransaction(signature, view0).send();
  const inner = meta.innerInstructions.flatMap((group) => group.instructions);
  const events = inner.map((entry) => positions.event(getBase58Encoder().encode(entry.data).slice(8)));
  see("events of the batch", events.filter((name) => name !== undefined).sort());
}

const TABLES = address("AddressLookupTab1e1111111111111111111111111");

async function lookupTable() {
  const slot = await rpc.getSlot({ commitment: "finalized" }).send();
  const seeds = [getAddressEncoder().encode(user.address), getU64Encoder().encode(slot)];
  const [table, bump] = await getProgramDerivedAddress({ programAddress: TABLES, seeds });
  const metas = [
    { address: table, role: AccountRole.WRITABLE },
    { address: user.address, role: AccountRole.READONLY_SIGNER, signer: user },
    { address: user.address, role: AccountRole.WRITABLE_SIGNER, signer: user },
    { address: address("11111111111111111111111111111111"), role: AccountRole.READONLY },
  ];
  const instruction = (...parts) => ({
    programAddress: TABLES, accounts: metas, data: Uint8Array.from(parts.flatMap((part) => [...part])),
  });
  const one = getU64Encoder().encode(1n);
  await send([
    instruction([0, 0, 0, 0], getU64Encoder().encode(slot), [bump]),
    instruction([2, 0, 0, 0], one, getAddressEncoder().encode(friend)),
  ]);
  const known = await rpc.getSlot(confirmed).send();
  while ((await rpc.getSlot(confirmed).send()) <= known + 1n) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const tables = await fetchAddressesForLookupTables([table], rpc, confirmed);
  see("addresses of the lookup table", tables[table]);
  const transaction = await signed([pay(3n)], { tables });
  const options = { ...confirmed, encoding: "base64", sigVerify: true };
  const wire = getBase64EncodedWireTransaction(transaction);
  const { value: simulated } = await rpc.simulateTransaction(wire, options).send();
  see("simulated through the table", [simulated.err, simulated.unitsConsumed]);
  await sendAndConfirm(transaction, confirmed);
  const view = await rpc.getTransaction(getSignatureFromTransaction(transaction), view0).send();
  see("version of the transaction", view.version);
  see("addresses loaded from the table", view.meta.loadedAddresses.writable);
}

async function first(request) {
  const abort = new AbortController();
  const notifications = await request.subscribe({ abortSignal: abort.signal });
  return (async () => {
    for await (const notification of notifications) {
      abort.abort();
      return notification;
    }
    throw new Error("the subscription ended without a notification");
  })();
}

async function subscriptions() {
  const base64 = { ...confirmed, encoding: "base64" };
  const seen = {};
  const requests = {
    account: rpcSubscriptions.accountNotifications(friend, base64),
    logs: rpcSubscriptions.logsNotifications({ mentions: [friend] }, confirmed),
    program: rpcSubscriptions.programNotifications(address("11111111111111111111111111111111"), base64),
    slot: rpcSubscriptions.slotNotifications(),
    root: rpcSubscriptions.rootNotifications(),
  };
  for (const [name, request] of Object.entries(requests)) seen[name] = { value: first(request) };
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = await balance(friend);
  const transaction = await signed([pay(2_000_000n)]);
  const signature = getSignatureFromTransaction(transaction);
  const status = first(rpcSubscriptions.signatureNotifications(signature, confirmed));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await rpc.sendTransaction(getBase64EncodedWireTransaction(transaction), { encoding: "base64", preflightCommitment: "confirmed" }).send();
  see("signature notification", (await status).value.err);
  see("account notification", (await seen.account.value).value.lamports - before);
  const { value: logs } = await seen.logs.value;
  see("logs notification", [logs.err, logs.logs, logs.signature === signature]);
  see("program notification", (await seen.program.value).value.account.owner);
  see("slot notification", Object.keys(await seen.slot.value).sort());
  see("root notification", typeof show("", await seen.root.value));
}

for (const part of [sol, tokens, exchange, lookupTable, subscriptions]) await part();
process.exit(0);
