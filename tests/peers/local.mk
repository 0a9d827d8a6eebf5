# tests with Apache Kafka itself, run by tests/run.sh
EXTRA_DIST += tests/peers/ClientCheck.java tests/peers/PasswordCheck.java tests/peers/conftest.py tests/peers/fetch.sh tests/peers/pom.xml \
	tests/peers/test_config_command.py tests/peers/test_java_client.py tests/peers/test_mixed_cluster.py tests/peers/test_random_operations.py \
	tests/peers/test_recordings.py tests/peers/test_same_files.py
