noinst_LIBRARIES += src/record/librecord.a
src_record_librecord_a_SOURCES = \
	src/record/batch.h \
	src/record/builder.h \
	src/record/compress.h \
	src/record/control.h \
	src/record/convert.h \
	src/record/legacy.h \
	src/record/reader.h \
	src/record/record.h \
	src/record/validate.h
