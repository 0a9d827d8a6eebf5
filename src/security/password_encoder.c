/* password_encoder.c - see password_encoder.h.
 *
 * Encoded: "name:value" pairs, comma joined, binary values in base64, in the order in which Java's HashMap gives them.
 * Every number in a stored password is hostile until checked: the iterations above all, since they cost time.
 */
#include "security/password_encoder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/random.h"
#include "base/str.h"

#define SALT_BYTES 256
#define ITERATIONS_MAX (10 * 1000 * 1000)
#define KEY_BYTES_MAX 32
#define IV_BYTES_MAX 16
#define TAG_BYTES 16
#define FIELD_MAX (64 * 1024)
#define DEFAULT_FACTORY "PBKDF2WithHmacSHA512"

/* Java's names, and OpenSSL's. */
static const struct {
	const char *name, *digest;
} factories[] = {
	{"PBKDF2WithHmacSHA1", "SHA1"},
	{"PBKDF2WithHmacSHA224", "SHA224"},
	{"PBKDF2WithHmacSHA256", "SHA256"},
	{"PBKDF2WithHmacSHA384", "SHA384"},
	{"PBKDF2WithHmacSHA512", "SHA512"},
};

static const struct cipher {
	const char *name;
	const char *mode; /* of AES with any key; NULL: DES in three rounds */
	size_t iv_bytes;
	bool tagged, single_des;
} ciphers[] = {
	{"AES/CBC/PKCS5Padding", "CBC", 16, false, false},
	{"AES/GCM/NoPadding", "GCM", 12, true, false},
	{"AES/CTR/NoPadding", "CTR", 16, false, false},
	{"AES/CFB/NoPadding", "CFB", 16, false, false},
	{"AES/CFB8/NoPadding", "CFB8", 16, false, false},
	{"AES/OFB/NoPadding", "OFB", 16, false, false},
	{"DESede/CBC/PKCS5Padding", NULL, 8, false, false},
	{"DES/CBC/PKCS5Padding", NULL, 8, false, true}, /* three times with the same key */
};

/* Everything that a key and a run of the cipher need. */
struct recipe {
	const char *digest;
	const struct cipher *cipher;
	int32_t key_length, iterations;
	const uint8_t *salt;
	size_t salt_len;
	const uint8_t *iv;
	size_t iv_len;
};

static const char *digest_of(const char *factory)
{
	for (size_t i = 0; i < ARRAY_LEN(factories); i++) {
		if (!strcasecmp(factories[i].name, factory))
			return factories[i].digest;
	}
	return NULL;
}

static const struct cipher *cipher_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		if (!strcasecmp(ciphers[i].name, name))
			return &ciphers[i];
	}
	return NULL;
}

static bool key_fits(const struct cipher *c, int32_t bits)
{
	if (c->single_des)
		return bits == 64;
	if (!c->mode)
		return bits == 192;
	return bits == 128 || bits == 192 || bits == 256;
}

/* Derives the key; 0, -EINVAL. */
static int derive(const char *secret, const struct recipe *r, uint8_t key[KEY_BYTES_MAX])
{
	EVP_MD *md = EVP_MD_fetch(NULL, r->digest, NULL);
	int bytes = r->key_length / 8, ok = 0;

	if (md)
		ok = PKCS5_PBKDF2_HMAC(secret, (int)strlen(secret), r->salt, (int)r->salt_len,
			r->iterations, md, bytes, key);
	EVP_MD_free(md);
	if (ok != 1)
		return FAIL(-EINVAL);
	if (r->cipher->single_des) {
		memcpy(key + 8, key, 8);
		memcpy(key + 16, key, 8);
	}
	return 0;
}

/* One run of the cipher. `out` holds in_len and a block more; a tag is behind the encrypted bytes, as in Java. */
static int run(const struct recipe *r, const uint8_t *key, bool encrypt, const uint8_t *in, size_t in_len,
	uint8_t *out, size_t *ret_len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t tag = r->cipher->tagged ? TAG_BYTES : 0;
	EVP_CIPHER *cipher;
	char name[32];
	int n = 0, last = 0;
	bool ok;

	if (r->cipher->mode)
		snprintf(name, sizeof(name), "AES-%d-%s", (int)r->key_length, r->cipher->mode);
	else
		snprintf(name, sizeof(name), "DES-EDE3-CBC");
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	ok = ctx && cipher && (encrypt || in_len >= tag) &&
	     EVP_CipherInit_ex(ctx, cipher, NULL, key, r->iv, encrypt) == 1;
	if (ok && !encrypt) {
		in_len -= tag;
		ok = tag == 0 || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag,
					 (void *)(uintptr_t)(in + in_len)) == 1;
	}
	ok = ok && EVP_CipherUpdate(ctx, out, &n, in, (int)in_len) == 1 &&
	     EVP_CipherFinal_ex(ctx, out + n, &last) == 1;
	if (ok && encrypt && tag > 0)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag, out + n + last) == 1;
	*ret_len = (size_t)n + (size_t)last + (encrypt ? tag : 0);
	EVP_CIPHER_free(cipher);
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : FAIL(-EINVAL);
}

static int transform(const char *secret, const struct recipe *r, bool encrypt, const uint8_t *in,
	size_t in_len, uint8_t *out, size_t *ret_len)
{
	uint8_t key[KEY_BYTES_MAX];
	int rc = derive(secret, r, key);

	if (rc == 0)
		rc = run(r, key, encrypt, in, in_len, out, ret_len);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* java.lang.String.length: UTF-16 units. */
static int java_length(const char *text)
{
	int n = 0;

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		n += (c & 0xc0) != 0x80;
		n += c >= 0xf0;
	}
	return n;
}

/* --- encoding --- */

int password_encoder_check(const struct password_encoder *e, char *why, size_t size)
{
	const char *factory = e->key_factory ? e->key_factory : DEFAULT_FACTORY;
	const struct cipher *c = cipher_of(e->cipher);

	if (!digest_of(factory)) {
		snprintf(why, size,
			"password.encoder.keyfactory.algorithm=%.100s is not known here: "
			"expected PBKDF2WithHmacSHA512 or another PBKDF2WithHmacSHA...",
			factory);
		return -EINVAL;
	}
	if (!c) {
		snprintf(why, size,
			"password.encoder.cipher.algorithm=%.100s is not known here: expected "
			"AES/CBC/PKCS5Padding, AES/GCM/NoPadding, or another mode of AES with an "
			"initialization vector",
			e->cipher);
		return -EINVAL;
	}
	if (!key_fits(c, e->key_length)) {
		snprintf(why, size, "password.encoder.key.length=%d does not fit %.100s",
			(int)e->key_length, e->cipher);
		return -EINVAL;
	}
	return 0;
}

static char *base64(const uint8_t *p, size_t n)
{
	return base64_encode(p, n, xmalloc(BASE64_SIZE(n)));
}

static char *compose(const struct password_encoder *e, const struct recipe *r, int length,
	const uint8_t *encrypted, size_t encrypted_len)
{
	char *iv = base64(r->iv, r->iv_len), *salt = base64(r->salt, r->salt_len);
	char *secret = base64(encrypted, encrypted_len);
	char *text = xasprintf("initializationVector:%s,keyLength:%d,salt:%s,keyFactoryAlgorithm:%s,"
			       "cipherAlgorithm:%s,%siterations:%d,passwordLength:%d,"
			       "encryptedPassword:%s",
		iv, (int)e->key_length, salt, e->key_factory ? e->key_factory : DEFAULT_FACTORY,
		e->cipher, r->cipher->tagged ? "authenticationTagLength:128," : "",
		(int)e->iterations, length, secret);

	free(iv);
	free(salt);
	free(secret);
	return text;
}

int password_encode(const struct password_encoder *e, const char *password, char **ret)
{
	uint8_t salt[SALT_BYTES], iv[IV_BYTES_MAX], *out;
	struct recipe r = {.key_length = e->key_length, .iterations = e->iterations, .salt = salt,
		.salt_len = sizeof(salt), .iv = iv};
	size_t len = strlen(password), out_len;
	char why[256];
	int rc = password_encoder_check(e, why, sizeof(why));

	if (rc < 0 || len > FIELD_MAX || !str_is_utf8(str_of(password)))
		return FAIL(-EINVAL);
	r.digest = digest_of(e->key_factory ? e->key_factory : DEFAULT_FACTORY);
	r.cipher = cipher_of(e->cipher);
	r.iv_len = r.cipher->iv_bytes;
	random_bytes(salt, sizeof(salt));
	random_bytes(iv, r.iv_len);
	out = xmalloc(len + EVP_MAX_BLOCK_LENGTH + TAG_BYTES);
	rc = transform(e->secret, &r, true, (const uint8_t *)password, len, out, &out_len);
	if (rc == 0)
		*ret = compose(e, &r, java_length(password), out, out_len);
	free(out);
	return rc < 0 ? FAIL(rc) : 0;
}

/* --- decoding --- */

/* The value of a pair, without blanks around it; the last one of that name counts. Null when there is none. */
static struct str field(const char *encoded, const char *name)
{
	struct str found = STR_NULL;
	size_t name_len = strlen(name);

	for (const char *p = encoded; *p;) {
		size_t len = strcspn(p, ","), from = strspn(p, " "), to = len, colon;

		colon = from;
		while (colon < len && p[colon] != ':')
			colon++;
		if (colon - from == name_len && !memcmp(p + from, name, name_len) && colon < len) {
			from = colon + 1;
			while (from < to && p[from] == ' ')
				from++;
			while (to > from && p[to - 1] == ' ')
				to--;
			found = (struct str){p + from, (int32_t)(to - from)};
		}
		p += len + (p[len] == ',');
	}
	return found;
}

static bool number(const char *encoded, const char *name, int32_t min, int32_t max, int32_t *ret)
{
	int64_t n;

	if (!str_to_i64(field(encoded, name), min, max, &n))
		return false;
	*ret = (int32_t)n;
	return true;
}

/* A binary field, owned by the caller; NULL when it is missing or no base64. */
static uint8_t *binary(const char *encoded, const char *name, size_t *ret_len)
{
	struct str text = field(encoded, name);
	uint8_t *p;

	if (text.len < 0 || text.len > FIELD_MAX * 2)
		return NULL;
	p = xmalloc(BASE64_BYTES((size_t)text.len) + 1);
	if (base64_decode(text.p, (size_t)text.len, p, ret_len) == 0)
		return p;
	free(p);
	return NULL;
}

static bool read_recipe(const char *encoded, struct recipe *r)
{
	char *factory = str_dup(field(encoded, "keyFactoryAlgorithm"));
	char *cipher = str_dup(field(encoded, "cipherAlgorithm"));
	int32_t tag_bits = TAG_BYTES * 8;

	*r = (struct recipe){.digest = factory ? digest_of(factory) : NULL,
		.cipher = cipher ? cipher_of(cipher) : NULL};
	free(factory);
	free(cipher);
	if (!r->digest || !r->cipher ||
		!number(encoded, "keyLength", 1, KEY_BYTES_MAX * 8, &r->key_length) ||
		!key_fits(r->cipher, r->key_length) ||
		!number(encoded, "iterations", 1, ITERATIONS_MAX, &r->iterations))
		return false;
	return !r->cipher->tagged ||
	       number(encoded, "authenticationTagLength", tag_bits, tag_bits, &tag_bits);
}

/* The decrypted bytes as text, if they are what was encoded. */
static char *to_text(const uint8_t *p, size_t n, int32_t length)
{
	char *text;

	if (n > INT32_MAX || memchr(p, '\0', n) ||
		!str_is_utf8((struct str){(const char *)p, (int32_t)n}))
		return NULL;
	text = xstrndup((const char *)p, n);
	if (java_length(text) == length)
		return text;
	free(text);
	return NULL;
}

static char *decrypt(const char *secret, const struct recipe *r, const uint8_t *in, size_t in_len,
	int32_t length)
{
	uint8_t *out = xmalloc(in_len + EVP_MAX_BLOCK_LENGTH);
	char *text = NULL;
	size_t len;

	if (transform(secret, r, false, in, in_len, out, &len) == 0)
		text = to_text(out, len, length);
	OPENSSL_cleanse(out, in_len + EVP_MAX_BLOCK_LENGTH);
	free(out);
	return text;
}

int password_decode(const char *secret, const char *encoded, char **ret)
{
	CLEANUP(freep) uint8_t *salt = NULL, *iv = NULL, *in = NULL;
	struct recipe r;
	size_t in_len;
	int32_t length;

	if (!read_recipe(encoded, &r) || !number(encoded, "passwordLength", 0, FIELD_MAX, &length))
		return -EBADMSG;
	r.salt = salt = binary(encoded, "salt", &r.salt_len);
	r.iv = iv = binary(encoded, "initializationVector", &r.iv_len);
	in = binary(encoded, "encryptedPassword", &in_len);
	if (!salt || !iv || !in || r.iv_len != r.cipher->iv_bytes)
		return -EBADMSG;
	*ret = decrypt(secret, &r, in, in_len, length);
	return *ret ? 0 : -EBADMSG;
}
