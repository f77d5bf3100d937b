// Bytes as base64 text and back.

import { decodeBase64, encodeBase64 } from '../base64.ts';
import { declare, type Library, overload } from '../environment.ts';
import { bytesType, stringType } from '../types.ts';
import { CelError } from '../values.ts';

export const encodersLibrary: Library = {
  functions: [
    declare(
      'base64.decode',
      overload(
        'base64_decode_string',
        [stringType],
        bytesType,
        (text) => decodeBase64(text as string) ?? new CelError('illegal base64 data'),
      ),
    ),
    declare(
      'base64.encode',
      overload('base64_encode_bytes', [bytesType], stringType, (bytes) => encodeBase64(bytes as Uint8Array)),
    ),
  ],
};
