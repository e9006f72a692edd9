// Instructions and accounts of an Anchor IDL, by kit's own codecs: the types that our programs use.

import { readFileSync } from "node:fs";

import {
  AccountRole,
  getAddressCodec,
  getArrayCodec,
  getBooleanCodec,
  getI32Codec,
  getI64Codec,
  getStructCodec,
  getU16Codec,
  getU32Codec,
  getU64Codec,
  getU8Codec,
} from "@solana/kit";

const PLAIN = {
  bool: getBooleanCodec,
  i32: getI32Codec,
  i64: getI64Codec,
  pubkey: getAddressCodec,
  u16: getU16Codec,
  u32: getU32Codec,
  u64: getU64Codec,
  u8: getU8Codec,
};

export class Idl {
  constructor(path) {
    this.idl = JSON.parse(readFileSync(path, "utf8"));
    this.address = this.idl.address;
  }

  codec(type) {
    if (typeof type === "string") return PLAIN[type]();
    if (type.array) return getArrayCodec(this.codec(type.array[0]), { size: type.array[1] });
    if (type.defined) return this.struct(this.named("types", type.defined.name).type.fields);
    throw new Error(`no codec for ${JSON.stringify(type)}`);
  }

  struct(fields) {
    return getStructCodec(fields.map((field) => [field.name, this.codec(field.type)]));
  }

  named(list, name) {
    return this.idl[list].find((entry) => entry.name === name);
  }

  // accounts: address or signer by the IDL's name; fixed addresses come from the IDL.
  instruction(name, args, accounts) {
    const found = this.named("instructions", name);
    const data = this.struct(found.args).encode(args);
    return {
      programAddress: this.address,
      data: Uint8Array.from([...found.discriminator, ...data]),
      accounts: found.accounts.map((account) => meta(account, accounts[account.name] ?? account.address)),
    };
  }

  account(name, bytes) {
    const head = this.named("accounts", name).discriminator;
    if (!head.every((byte, i) => bytes[i] === byte)) throw new Error(`not an account ${name}`);
    return this.struct(this.named("types", name).type.fields).decode(bytes, head.length);
  }

  event(bytes) {
    return this.idl.events.find((event) => event.discriminator.every((byte, i) => bytes[i] === byte))?.name;
  }

  error(code) {
    return this.idl.errors.find((error) => error.code === code)?.name;
  }
}

function meta(account, given) {
  if (given === undefined) throw new Error(`the account ${account.name} is missing`);
  const isSigner = typeof given === "object";
  const role = account.signer
    ? account.writable ? AccountRole.WRITABLE_SIGNER : AccountRole.READONLY_SIGNER
    : account.writable ? AccountRole.WRITABLE : AccountRole.READONLY;
  return isSigner && account.signer
    ? { address: given.address, role, signer: given }
    : { address: isSigner ? given.address : given, role };
}
