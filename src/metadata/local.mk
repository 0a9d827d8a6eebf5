noinst_LIBRARIES += src/metadata/libmetadata.a
src_metadata_libmetadata_a_SOURCES = \
	src/metadata/image.c src/metadata/image.h src/metadata/image_priv.h \
	src/metadata/topic_map.c src/metadata/topic_map.h
EXTRA_DIST += src/metadata/README.md
