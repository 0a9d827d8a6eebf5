/* page_cache.h - is a range of a file in memory, so that sending it will not wait for the disk?
 *
 * Network loops ask before they send a file range; when the answer is no a worker loads it first. The answer is a
 * hint: pages may go between the question and the use.
 * Thread: any; page_cache_load waits for the disk.
 */
#ifndef BASE_PAGE_CACHE_H
#define BASE_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct file;

/* Probes the first and the last byte and one of every 256 KiB between, with reads that may not wait. True when all
 * are there, and when the file system cannot tell. */
bool page_cache_has(const struct file *f, int64_t at, size_t len);
/* Reads the range once. 0, also when the file ends first; -errno. */
int page_cache_load(const struct file *f, int64_t at, size_t len) MUST_CHECK;

#endif
