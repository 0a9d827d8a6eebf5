noinst_LIBRARIES += src/broker/libbroker.a
src_broker_libbroker_a_SOURCES = \
	src/broker/change_listener.c src/broker/change_listener.h \
	src/broker/config.c src/broker/config.def src/broker/config.h src/broker/config_priv.h \
	src/broker/config_alter.c src/broker/config_alter.h \
	src/broker/config_announcements.c \
	src/broker/config_change.c src/broker/config_change.h \
	src/broker/config_def.c src/broker/config_value.c \
	src/broker/config_def.h src/broker/topic_config.def \
	src/broker/config_describe.c src/broker/config_describe.h \
	src/broker/config_loggers.c src/broker/config_loggers.h \
	src/broker/config_passwords.c src/broker/config_passwords.h \
	src/broker/config_layers.c src/broker/config_listeners.c src/broker/config_log.c \
	src/broker/config_rules.c src/broker/config_service.c src/broker/config_service.h \
	src/broker/dynamic_config.c src/broker/dynamic_config.h src/broker/dynamic_config_priv.h \
	src/broker/topic_config.c src/broker/topic_config.h \
	src/broker/topic_overrides.c src/broker/topic_overrides.h
src_broker_libbroker_a_SOURCES += src/broker/registration.c src/broker/registration.h
src_broker_libbroker_a_SOURCES += \
	src/broker/broker.c src/broker/broker.h \
	src/broker/listener_change.c src/broker/listener_change.h \
	src/broker/controlled_shutdown.c src/broker/controlled_shutdown.h \
	src/broker/coordination.c src/broker/coordination.h \
	src/broker/local_control.c src/broker/local_control.h \
	src/broker/peer_control.c src/broker/peer_control.h \
	src/broker/producer_id_request.c src/broker/producer_id_request.h \
	src/broker/reconfigure.c src/broker/reconfigure.h \
	src/broker/rejoin.c src/broker/rejoin.h \
	src/broker/replication.c src/broker/replication.h \
	src/broker/settings.c src/broker/settings.h
EXTRA_DIST += src/broker/README.md

sbin_PROGRAMS += moldaud
moldaud_SOURCES = src/broker/main.c
moldaud_LDADD = $(UPTO_broker)
src_broker_libbroker_a_SOURCES += src/broker/feature_watch.c src/broker/feature_watch.h
