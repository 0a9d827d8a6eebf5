/* password_encoder.c - see password_encoder.h (EncryptingPasswordEncoder.java, 3.9). The pairs are written in the order
 * in which Java's map has them. */
#include "security/password_encoder.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "security/base64.h"

#define KEY_FACTORY "PBKDF2WithHmacSHA512"
#define SALT_SIZE   256
#define BLOCK	    16
#define TAG	    16 /* bytes of GCM's authentication tag */
#define KEY_MAX	    32
#define SECRET_MAX  (1024 * 1024) /* of a password; a znode holds no more */

static const struct cipher {
	const char *name; /* Java's */
	const char *mode; /* OpenSSL's: AES-128-<mode> */
	int iv;
	bool tag;
} ciphers[] = {
	{"AES/CBC/PKCS5Padding", "CBC", 16, false},
	{"AES/CFB/NoPadding", "CFB", 16, false},
	{"AES/CTR/NoPadding", "CTR", 16, false},
	{"AES/GCM/NoPadding", "GCM", 12, true},
	{"AES/OFB/NoPadding", "OFB", 16, false},
};

/* What one text says, or is to say. */
struct coded {
	const struct cipher *cipher;
	const EVP_MD *hash;
	int32_t key_bits, iterations;
	uint8_t *salt, *iv, *data; /* data: with the tag behind it */
	size_t salt_n, iv_n, data_n;
	size_t length; /* of the password, in Java's characters */
};

static void coded_fini(struct coded *c)
{
	free(c->salt);
	free(c->iv);
	free(c->data);
}

static const struct cipher *find_cipher(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
		if (strcmp(ciphers[i].name, name) == 0)
			return &ciphers[i];
	return NULL;
}

/* The length of a Java string. */
static size_t java_length(const char *text)
{
	size_t left = strlen(text), n = 0;

	while (left > 0) {
		uint32_t code;
		size_t used = (size_t)abs(utf8_decode(text, left, &code));

		n += code > 0xffff ? 2 : 1;
		text += used;
		left -= used;
	}
	return n;
}

/* A cipher context with key, IV and direction; NULL when the key does not fit. The caller frees it. */
static EVP_CIPHER_CTX *cipher_context(const struct coded *c, const char *secret, bool encrypt)
{
	char name[16];
	uint8_t key[KEY_MAX];
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx = NULL;
	int key_n = c->key_bits / 8;

	if (key_n != 16 && key_n != 24 && key_n != 32)
		return NULL;
	snprintf(name, sizeof(name), "AES-%d-%s", key_n * 8, c->cipher->mode);
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	if (cipher && PKCS5_PBKDF2_HMAC(secret, (int)strlen(secret), c->salt, (int)c->salt_n,
			      c->iterations, c->hash, key_n, key) == 1)
		ctx = EVP_CIPHER_CTX_new();
	if (ctx && EVP_CipherInit_ex2(ctx, cipher, key, c->iv, encrypt, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	OPENSSL_cleanse(key, sizeof(key));
	EVP_CIPHER_free(cipher);
	return ctx;
}

static int encrypt(struct coded *c, const char *secret, const char *password)
{
	EVP_CIPHER_CTX *ctx = cipher_context(c, secret, true);
	int n = 0, more = 0, len = (int)strlen(password);
	bool ok;

	c->data = xmalloc((size_t)len + BLOCK + TAG);
	ok = ctx && EVP_CipherUpdate(ctx, c->data, &n, (const uint8_t *)password, len) == 1 &&
	     EVP_CipherFinal_ex(ctx, c->data + n, &more) == 1;
	c->data_n = (size_t)(n + more);
	if (ok && c->cipher->tag) {
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, c->data + c->data_n) == 1;
		c->data_n += TAG;
	}
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : FAIL(-EINVAL);
}

static char *write_pairs(const struct coded *c)
{
	char *iv = base64_encode(c->iv, c->iv_n), *salt = base64_encode(c->salt, c->salt_n);
	char *data = base64_encode(c->data, c->data_n);
	char *text = xasprintf("initializationVector:%s,keyLength:%d,salt:%s,"
			       "keyFactoryAlgorithm:" KEY_FACTORY
			       ",cipherAlgorithm:%s,%siterations:%d,passwordLength:%zu,"
			       "encryptedPassword:%s",
		iv, c->key_bits, salt, c->cipher->name,
		c->cipher->tag ? "authenticationTagLength:128," : "", c->iterations, c->length,
		data);

	free(iv);
	free(salt);
	free(data);
	return text;
}

/* Are the parameters such as Java takes them? */
static int check(const struct password_encoding *e, char why[PASSWORD_WHY_MAX])
{
	int key_n = e->key_bits / 8;

	if (!find_cipher(e->cipher)) {
		snprintf(why, PASSWORD_WHY_MAX,
			"java.security.NoSuchAlgorithmException: Cannot find any provider "
			"supporting %.150s",
			e->cipher);
		return -ENOTSUP;
	}
	if (e->iterations <= 0 || e->key_bits <= 0) {
		snprintf(why, PASSWORD_WHY_MAX, "invalid %s value",
			e->iterations <= 0 ? "iterationCount" : "keyLength");
		return -EINVAL;
	}
	if (key_n != 16 && key_n != 24 && key_n != 32) {
		snprintf(why, PASSWORD_WHY_MAX,
			"java.security.InvalidKeyException: Invalid AES key length: %d bytes",
			key_n);
		return -ENOTSUP;
	}
	return 0;
}

int password_encode(const char *secret, const char *password, const struct password_encoding *e,
	char **ret, char why[PASSWORD_WHY_MAX])
{
	struct coded c = {.hash = EVP_sha512()};
	int r = check(e, why);

	if (r)
		return r;
	if (strlen(password) > SECRET_MAX || strlen(secret) > SECRET_MAX) {
		snprintf(why, PASSWORD_WHY_MAX, "Password is too long");
		return -EINVAL;
	}
	c.cipher = find_cipher(e->cipher);
	c.key_bits = e->key_bits;
	c.iterations = e->iterations;
	c.salt_n = SALT_SIZE;
	c.salt = xmalloc(c.salt_n);
	c.iv_n = (size_t)c.cipher->iv;
	c.iv = xmalloc(c.iv_n);
	random_bytes(c.salt, c.salt_n);
	random_bytes(c.iv, c.iv_n);
	c.length = java_length(password);
	r = encrypt(&c, secret, password);
	if (!r)
		*ret = write_pairs(&c);
	else
		snprintf(why, PASSWORD_WHY_MAX, "Password could not be encoded");
	coded_fini(&c);
	return r;
}

/* ---- decoding ---- */

/* The value of a pair, up to the next comma; its length 0 when it is not there. */
static struct str pair(const char *text, const char *name)
{
	size_t name_n = strlen(name);

	while (*text) {
		size_t n = strcspn(text, ",");

		if (n > name_n && strncmp(text, name, name_n) == 0 && text[name_n] == ':')
			return (struct str){text + name_n + 1, (int32_t)(n - name_n - 1)};
		text += n;
		text += *text == ',';
	}
	return (struct str){text, 0};
}

static bool pair_number(const char *text, const char *name, int32_t *ret)
{
	int64_t v;

	if (!str_to_i64(pair(text, name), 0, INT32_MAX, &v))
		return false;
	*ret = (int32_t)v;
	return true;
}

static bool pair_bytes(const char *text, const char *name, uint8_t **ret, size_t *ret_n)
{
	struct str v = pair(text, name);

	return base64_decode(v.p, (size_t)v.len, ret, ret_n) == 0;
}

/* Fills in what the text says; true when it can be right. Either way coded_fini. */
static bool read_pairs(struct coded *c, const char *text)
{
	struct str factory = pair(text, "keyFactoryAlgorithm");
	struct str name = pair(text, "cipherAlgorithm");
	char cipher[32];
	int32_t length;

	c->hash = str_is(factory, KEY_FACTORY)		   ? EVP_sha512()
		  : str_is(factory, "PBKDF2WithHmacSHA256") ? EVP_sha256()
		  : str_is(factory, "PBKDF2WithHmacSHA1")   ? EVP_sha1()
							    : NULL;
	c->cipher = find_cipher(str_copy(name, cipher, sizeof(cipher)));
	if (!c->hash || !c->cipher || !pair_number(text, "keyLength", &c->key_bits) ||
		!pair_number(text, "iterations", &c->iterations) || c->iterations == 0 ||
		!pair_number(text, "passwordLength", &length))
		return false;
	c->length = (size_t)length;
	return pair_bytes(text, "salt", &c->salt, &c->salt_n) &&
	       pair_bytes(text, "initializationVector", &c->iv, &c->iv_n) &&
	       c->iv_n == (size_t)c->cipher->iv &&
	       pair_bytes(text, "encryptedPassword", &c->data, &c->data_n) &&
	       c->data_n >= (c->cipher->tag ? TAG : 0);
}

static int decrypt(struct coded *c, const char *secret, char **ret)
{
	EVP_CIPHER_CTX *ctx = cipher_context(c, secret, false);
	size_t len = c->data_n - (c->cipher->tag ? TAG : 0);
	uint8_t *p = xmalloc(len + BLOCK + 1);
	int n = 0, more = 0;
	bool ok = ctx != NULL;

	if (ok && c->cipher->tag)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, c->data + len) == 1;
	ok = ok && EVP_CipherUpdate(ctx, p, &n, c->data, (int)len) == 1 &&
	     EVP_CipherFinal_ex(ctx, p + n, &more) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (ok) {
		p[n + more] = '\0';
		ok = strlen((char *)p) == (size_t)(n + more) && java_length((char *)p) == c->length;
	}
	if (!ok) {
		OPENSSL_cleanse(p, len);
		free(p);
		return FAIL(-EINVAL);
	}
	*ret = (char *)p;
	return 0;
}

int password_decode(const char *secret, const char *text, char **ret)
{
	struct coded c = {.hash = NULL};
	int r = -EINVAL;

	if (strlen(text) <= SECRET_MAX && strlen(secret) <= SECRET_MAX && read_pairs(&c, text))
		r = decrypt(&c, secret, ret);
	coded_fini(&c);
	return r ? FAIL(r) : 0;
}
