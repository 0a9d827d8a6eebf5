#!/bin/sh
# kafka-run-class.sh - runs what a class of Apache Kafka is the program of, by the names of today and of old releases.
#
# -daemon runs it in the background with its output in $LOG_DIR/NAME.out, where -name says NAME; -loggc concerned the
# JVM and is ignored.

# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"

if [ $# -lt 1 ]; then
	echo "USAGE: $0 [-daemon] [-name servicename] [-loggc] classname [opts]"
	exit 1
fi

take_flags "$@"
shift "$flags"
class=${1:-}
[ $# -gt 0 ] && shift

# Prints the program, or the tool of moldau, that a class is.
program_of() {
	case $1 in
	kafka.Kafka) echo moldaud ;;
	org.apache.zookeeper.server.quorum.QuorumPeerMain) echo zookeeper-server-start.sh ;;

	kafka.admin.AclCommand) echo acls ;;
	kafka.admin.BrokerApiVersionsCommand) echo broker-api-versions ;;
	org.apache.kafka.tools.ClusterTool | kafka.tools.ClusterTool) echo cluster ;;
	kafka.admin.ConfigCommand) echo configs ;;
	org.apache.kafka.tools.consumer.ConsoleConsumer | kafka.tools.ConsoleConsumer) echo console-consumer ;;
	kafka.tools.ConsoleProducer) echo console-producer ;;
	org.apache.kafka.tools.consumer.group.ConsumerGroupCommand | kafka.admin.ConsumerGroupCommand)
		echo consumer-groups ;;
	org.apache.kafka.tools.ConsumerPerformance | kafka.tools.ConsumerPerformance) echo consumer-perf-test ;;
	org.apache.kafka.tools.DeleteRecordsCommand | kafka.admin.DeleteRecordsCommand) echo delete-records ;;
	kafka.tools.DumpLogSegments) echo dump-log ;;
	org.apache.kafka.tools.EndToEndLatency | kafka.tools.EndToEndLatency) echo e2e-latency ;;
	org.apache.kafka.tools.GetOffsetShell | kafka.tools.GetOffsetShell) echo get-offsets ;;
	org.apache.kafka.tools.LeaderElectionCommand | kafka.admin.LeaderElectionCommand) echo leader-election ;;
	org.apache.kafka.tools.LogDirsCommand | kafka.admin.LogDirsCommand) echo log-dirs ;;
	kafka.admin.PreferredReplicaLeaderElectionCommand) echo preferred-replica-election ;;
	org.apache.kafka.tools.ProducerPerformance) echo producer-perf-test ;;
	org.apache.kafka.tools.reassign.ReassignPartitionsCommand | kafka.admin.ReassignPartitionsCommand)
		echo reassign-partitions ;;
	org.apache.kafka.tools.ReplicaVerificationTool | kafka.tools.ReplicaVerificationTool)
		echo replica-verification ;;
	org.apache.kafka.tools.TopicCommand | kafka.admin.TopicCommand) echo topics ;;
	org.apache.kafka.tools.TransactionsCommand) echo transactions ;;
	org.apache.kafka.tools.VerifiableConsumer) echo verifiable-consumer ;;
	org.apache.kafka.tools.VerifiableProducer) echo verifiable-producer ;;
	org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka | org.apache.zookeeper.ZooKeeperMain)
		echo zookeeper-shell ;;
	*) return 1 ;;
	esac
}

if ! program=$(program_of "$class"); then
	echo "Error: Could not find or load main class $class" >&2
	exit 1
fi
# ZooKeeper's own main class is told the server by an option.
if [ "$program" = zookeeper-shell ] && [ "${1:-}" = -server ]; then
	shift
fi
case $program in
moldaud)
	program=$(find_program moldaud) || exit 1
	;;
*.sh)
	program=$bin_dir/$program
	;;
*)
	set -- "$program" "$@"
	program=$(find_program moldau) || exit 1
	[ -n "$daemon" ] || exec "$program" "$@" # without a log directory
	;;
esac
launch "$program" "$@"
