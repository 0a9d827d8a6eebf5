noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/alloc.c src/base/alloc.h \
	src/base/arena.c src/base/arena.h \
	src/base/attr.h \
	src/base/base64.c src/base/base64.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/crc32c.c src/base/crc32c.h \
	src/base/cursor.c src/base/cursor.h \
	src/base/error.c src/base/error.h \
	src/base/file.c src/base/file.h \
	src/base/list.h \
	src/base/lock.c src/base/lock.h \
	src/base/log_levels.c src/base/log_levels.h \
	src/base/logger.c src/base/logger.h \
	src/base/page_cache.c src/base/page_cache.h \
	src/base/properties.c src/base/properties.h \
	src/base/random.c src/base/random.h \
	src/base/rate_limit.h \
	src/base/sampled_rate.c src/base/sampled_rate.h \
	src/base/scheduler.c \
	src/base/str.c src/base/str.h \
	src/base/table.c src/base/table.h \
	src/base/uuid.c src/base/uuid.h \
	src/base/worker.c src/base/worker.h \
	src/base/writer.c src/base/writer.h
EXTRA_DIST += src/base/README.md
