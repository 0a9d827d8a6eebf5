noinst_LIBRARIES += src/api/libapi.a
src_api_libapi_a_SOURCES = \
	src/api/alter_configs.c \
	src/api/api.h \
	src/api/authorized_operations.h \
	src/api/config_alteration.c src/api/config_alteration.h \
	src/api/config_service.h \
	src/api/describe_cluster.c \
	src/api/describe_configs.c \
	src/api/describe_log_dirs.c \
	src/api/incremental_alter_configs.c \
	src/api/repeated.c src/api/repeated.h \
	src/api/topic_wait.c src/api/topic_wait.h
