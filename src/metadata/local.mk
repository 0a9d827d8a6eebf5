noinst_LIBRARIES += src/metadata/libmetadata.a
src_metadata_libmetadata_a_SOURCES =
