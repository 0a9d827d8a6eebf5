/* records.c - the rows of records.def as tables, and records by their types. */
#include "tools/records.h"

#include "base/attr.h"
#include "protocol/messages.h"

#define MESSAGE_LIST "tools/records.def"
#include "protocol/message_tables.h"

const struct schema *const records_list[] = {
#define MESSAGE_BEGIN(...) &SELF_NAME(SELF, _schema),
#define MESSAGE_END
#define STRUCT_BEGIN
#define STRUCT_END
#define FIELD(...)
#define ARRAY(...)
#define STRUCT(...)
#define STRUCT_OR_NULL(...)
#define STRUCTS(...)
#include "tools/records.def"
	NULL,
};

/* Kafka 3.9, CoordinatorRecordSerde. */
static const struct {
	const struct schema *key, *value;
} group_records[] = {
	{&offset_commit_key_schema, &offset_commit_value_schema},
	{&offset_commit_key_schema, &offset_commit_value_schema},
	{&group_metadata_key_schema, &group_metadata_value_schema},
	{&consumer_group_metadata_key_schema, &consumer_group_metadata_value_schema},
	{&consumer_group_partition_metadata_key_schema,
		&consumer_group_partition_metadata_value_schema},
	{&consumer_group_member_metadata_key_schema, &consumer_group_member_metadata_value_schema},
	{&consumer_group_target_assignment_metadata_key_schema,
		&consumer_group_target_assignment_metadata_value_schema},
	{&consumer_group_target_assignment_member_key_schema,
		&consumer_group_target_assignment_member_value_schema},
	{&consumer_group_current_member_assignment_key_schema,
		&consumer_group_current_member_assignment_value_schema},
};

static bool known(int type)
{
	return type >= 0 && (size_t)type < ARRAY_LEN(group_records);
}

const struct schema *records_group_key(int type)
{
	return known(type) ? group_records[type].key : NULL;
}

const struct schema *records_group_value(int type)
{
	return known(type) ? group_records[type].value : NULL;
}

/* The apiKey of each record; names as those of MetadataRecordType. */
static const struct {
	int type;
	const char *name;
	const struct schema *schema;
} cluster_records[] = {
	{0, "REGISTER_BROKER_RECORD", &register_broker_record_schema},
	{1, "UNREGISTER_BROKER_RECORD", &unregister_broker_record_schema},
	{2, "TOPIC_RECORD", &topic_record_schema},
	{3, "PARTITION_RECORD", &partition_record_schema},
	{4, "CONFIG_RECORD", &config_record_schema},
	{5, "PARTITION_CHANGE_RECORD", &partition_change_record_schema},
	{7, "FENCE_BROKER_RECORD", &fence_broker_record_schema},
	{8, "UNFENCE_BROKER_RECORD", &unfence_broker_record_schema},
	{9, "REMOVE_TOPIC_RECORD", &remove_topic_record_schema},
	{10, "DELEGATION_TOKEN_RECORD", &delegation_token_record_schema},
	{11, "USER_SCRAM_CREDENTIAL_RECORD", &user_scram_credential_record_schema},
	{12, "FEATURE_LEVEL_RECORD", &feature_level_record_schema},
	{14, "CLIENT_QUOTA_RECORD", &client_quota_record_schema},
	{15, "PRODUCER_IDS_RECORD", &producer_ids_record_schema},
	{17, "BROKER_REGISTRATION_CHANGE_RECORD", &broker_registration_change_record_schema},
	{18, "ACCESS_CONTROL_ENTRY_RECORD", &access_control_entry_record_schema},
	{19, "REMOVE_ACCESS_CONTROL_ENTRY_RECORD", &remove_access_control_entry_record_schema},
	{20, "NO_OP_RECORD", NULL},
	{21, "ZK_MIGRATION_STATE_RECORD", &zk_migration_state_record_schema},
	{22, "REMOVE_USER_SCRAM_CREDENTIAL_RECORD", &remove_user_scram_credential_record_schema},
	{23, "BEGIN_TRANSACTION_RECORD", &begin_transaction_record_schema},
	{24, "END_TRANSACTION_RECORD", NULL},
	{25, "ABORT_TRANSACTION_RECORD", &abort_transaction_record_schema},
	{26, "REMOVE_DELEGATION_TOKEN_RECORD", &remove_delegation_token_record_schema},
	{27, "REGISTER_CONTROLLER_RECORD", &register_controller_record_schema},
};

bool records_cluster(int type, const char **ret_name, const struct schema **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(cluster_records); i++) {
		if (cluster_records[i].type != type)
			continue;
		*ret_name = cluster_records[i].name;
		*ret = cluster_records[i].schema;
		return true;
	}
	return false;
}
