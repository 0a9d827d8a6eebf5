/* attr.h - the few macros every file may use: attributes, cleanup, counting.
 *
 * Layer: base. No code.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stddef.h>

#define MUST_CHECK	 __attribute__((warn_unused_result))
#define PRINTF(fmt, va)	 __attribute__((format(printf, fmt, va)))
#define NORETURN	 __attribute__((noreturn))
#define UNUSED		 __attribute__((unused))
#define CLEANUP(fn)	 __attribute__((cleanup(fn)))
#define LIKELY(x)	 __builtin_expect(!!(x), 1)
#define UNLIKELY(x)	 __builtin_expect(!!(x), 0)

/* Ownership leaves the variable: yields its value and sets it to NULL. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})

/* Defines `fn##p`, the cleanup function of pointers released by `fn`, which accepts NULL. */
#define DEFINE_CLEANUP(type, fn)                                                                   \
	static inline void fn##p(type *p)                                                          \
	{                                                                                          \
		fn(*p);                                                                            \
	}

#define ARRAY_LEN(a)		  (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))
#define MIN(a, b)		  ((a) < (b) ? (a) : (b))
#define MAX(a, b)		  ((a) > (b) ? (a) : (b))

#endif
