noinst_LIBRARIES += src/record/librecord.a
src_record_librecord_a_SOURCES = \
	src/record/batch.c \
	src/record/batch.h \
	src/record/builder.c \
	src/record/builder.h \
	src/record/codec_priv.h \
	src/record/compress.c \
	src/record/compress.h \
	src/record/control.c \
	src/record/control.h \
	src/record/convert.c \
	src/record/convert.h \
	src/record/gzip.c \
	src/record/legacy.c \
	src/record/legacy.h \
	src/record/lz4.c \
	src/record/reader.c \
	src/record/reader.h \
	src/record/record.c \
	src/record/record.h \
	src/record/snappy.c \
	src/record/validate.c \
	src/record/validate.h \
	src/record/zstd.c
EXTRA_DIST += src/record/README.md
