/**
 * OpenSSL 3 libcrypto: one-shot AES-GCM through EVP (EVP_EncryptInit(3)).
 *
 * Signatures only. Functions return 1 on success.
 */

const symbols = {
  EVP_CIPHER_CTX_new: { parameters: [], result: "pointer" },
  EVP_CIPHER_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "buffer"], result: "i32" },
  EVP_EncryptInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  EVP_EncryptUpdate: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "i32"],
    result: "i32",
  },
  EVP_EncryptFinal_ex: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  EVP_aes_128_gcm: { parameters: [], result: "pointer" },
} as const;

type Libcrypto = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: Libcrypto | undefined;

/** The opened library. Throws where OpenSSL 3 is not installed. */
export function libcrypto(): Libcrypto {
  opened ??= Deno.dlopen("libcrypto.so.3", symbols).symbols;
  return opened;
}

export const EVP_CTRL_AEAD_GET_TAG = 0x10;
