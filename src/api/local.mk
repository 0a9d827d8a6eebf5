noinst_LIBRARIES += src/api/libapi.a
src_api_libapi_a_SOURCES = src/api/config_service.h
