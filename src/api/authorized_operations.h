/* authorized_operations.h - the operations that exist per resource type, as bits 1 << AclOperation (KIP-430).
 *
 * Without an authorizer every client is allowed all of them.
 */
#ifndef API_AUTHORIZED_OPERATIONS_H
#define API_AUTHORIZED_OPERATIONS_H

enum acl_operation {
	ACL_OP_READ = 3,
	ACL_OP_WRITE = 4,
	ACL_OP_CREATE = 5,
	ACL_OP_DELETE = 6,
	ACL_OP_ALTER = 7,
	ACL_OP_DESCRIBE = 8,
	ACL_OP_CLUSTER_ACTION = 9,
	ACL_OP_DESCRIBE_CONFIGS = 10,
	ACL_OP_ALTER_CONFIGS = 11,
	ACL_OP_IDEMPOTENT_WRITE = 12,
};

/* AclEntry.supportedOperations of 3.9. */
#define AUTHORIZED_TOPIC_OPERATIONS                                                                \
	(1 << ACL_OP_READ | 1 << ACL_OP_WRITE | 1 << ACL_OP_CREATE | 1 << ACL_OP_DESCRIBE |        \
	    1 << ACL_OP_DELETE | 1 << ACL_OP_ALTER | 1 << ACL_OP_DESCRIBE_CONFIGS |                \
	    1 << ACL_OP_ALTER_CONFIGS)
#define AUTHORIZED_CLUSTER_OPERATIONS                                                              \
	(1 << ACL_OP_CREATE | 1 << ACL_OP_CLUSTER_ACTION | 1 << ACL_OP_DESCRIBE_CONFIGS |          \
	    1 << ACL_OP_ALTER_CONFIGS | 1 << ACL_OP_IDEMPOTENT_WRITE | 1 << ACL_OP_ALTER |         \
	    1 << ACL_OP_DESCRIBE)
#define AUTHORIZED_GROUP_OPERATIONS (1 << ACL_OP_READ | 1 << ACL_OP_DELETE | 1 << ACL_OP_DESCRIBE)
/* What a response carries when nobody asked. */
#define AUTHORIZED_OPERATIONS_UNASKED INT32_MIN

#endif
