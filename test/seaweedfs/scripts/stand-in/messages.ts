/** As much of protocol buffers as an entry of SeaweedFS' filer needs. */
export type Field = readonly [number, bigint | Buffer];

export function encode(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) =>
      typeof value === 'bigint'
        ? [varint(BigInt(number) << 3n), varint(value)]
        : [varint((BigInt(number) << 3n) | 2n), varint(BigInt(value.length)), value],
    ),
  );
}

export function decode(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('The message ends too early.');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number();
    const wire = Number(tag & 7n);
    if (wire === 0) fields.push([Number(tag >> 3n), number()]);
    else {
      const length = wire === 2 ? Number(number()) : wire === 1 ? 8 : 4;
      if (at + length > bytes.length) throw new Error('The message ends too early.');
      fields.push([Number(tag >> 3n), Buffer.from(bytes.subarray(at, at + length))]);
      at += length;
    }
  }
  return fields;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    const low = Number(left & 0x7fn);
    if (left < 0x80n) return Buffer.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}

/** Messages one after the other, each after its length in four bytes. */
export function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) throw new Error('The file ends in the middle of an entry.');
    found.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

export function bytesOf(fields: readonly Field[], number: number): Buffer | undefined {
  const found = fields.find(([one]) => one === number)?.[1];
  return Buffer.isBuffer(found) ? found : undefined;
}

export function numberOf(fields: readonly Field[], number: number): number {
  const found = fields.find(([one]) => one === number)?.[1];
  return typeof found === 'bigint' ? Number(found) : 0;
}
