/* keeper_record.h - ZooKeeper's records as bytes (jute): what requests are written with and responses are read with.
 *
 * Thread: any. Layer: tools; pure bytes.
 */
#ifndef TOOLS_KEEPER_RECORD_H
#define TOOLS_KEEPER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/writer.h"

struct keeper_stat {
	int64_t czxid, mzxid, ctime, mtime;
	int32_t version, cversion, aversion;
	int64_t ephemeral_owner;
	int32_t data_length, num_children;
	int64_t pzxid;
};

#define KEEPER_PERM_READ 1
#define KEEPER_PERM_WRITE 2
#define KEEPER_PERM_CREATE 4
#define KEEPER_PERM_DELETE 8
#define KEEPER_PERM_ADMIN 16

struct keeper_acl {
	int32_t perms;
	char *scheme, *id; /* owned by the list */
};

struct keeper_acls {
	struct keeper_acl *v;
	size_t n, cap;
};

struct keeper_names {
	char **v;
	size_t n, cap;
};

void keeper_acls_add(struct keeper_acls *l, int32_t perms, struct str scheme, struct str id);
void keeper_acls_fini(struct keeper_acls *l); /* {0} is fine */
void keeper_names_add(struct keeper_names *l, struct str name);
void keeper_names_sort(struct keeper_names *l); /* as Java sorts strings */
void keeper_names_fini(struct keeper_names *l); /* {0} is fine */

void keeper_put_bool(struct writer *w, bool v);
void keeper_put_string(struct writer *w, const char *s);	       /* NULL: null */
void keeper_put_buffer(struct writer *w, const void *p, int32_t len); /* -1: null */
void keeper_put_acls(struct writer *w, const struct keeper_acls *l);
void keeper_put_names(struct writer *w, const struct keeper_names *l);

/* Each makes the cursor bad when the bytes are not such a thing; null has len -1. */
struct str keeper_take_string(struct cursor *c);
struct bytes keeper_take_buffer(struct cursor *c);
void keeper_take_stat(struct cursor *c, struct keeper_stat *ret);
void keeper_take_acls(struct cursor *c, struct keeper_acls *ret);
void keeper_take_names(struct cursor *c, struct keeper_names *ret);

/* 0, or -EINVAL: *ret_reason (owned) says why, in the words of the Java client. */
int keeper_path_check(const char *path, char **ret_reason) MUST_CHECK;

#endif
