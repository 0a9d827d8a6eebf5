// DumpCheck - log files of every kind, written by Apache Kafka's own classes, and its DumpLogSegments on files.
//
//   java -cp JARS DumpCheck write DIRECTORY
//   java -cp JARS DumpCheck dump OUTPUT
//
// write: makes DIRECTORY/CASE/00000000000000000000.log (or another name) for each case.
// dump:  reads command lines, words separated by TAB, from the standard input; line i is run with its standard output in
//        OUTPUT/i.out and its standard error in OUTPUT/i.err. An exception that leaves the tool is its first line there,
//        as the Java machine writes it.

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.metadata.*;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.ByteBufferOutputStream;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.coordinator.group.generated.*;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKey;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.apache.kafka.server.log.remote.metadata.storage.RemoteLogSegmentMetadataSnapshot;
import org.apache.kafka.server.log.remote.metadata.storage.serialization.RemoteLogMetadataSerde;
import org.apache.kafka.server.log.remote.storage.RemoteLogMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentId;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata.CustomMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadataUpdate;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentState;
import org.apache.kafka.server.log.remote.storage.RemotePartitionDeleteMetadata;
import org.apache.kafka.server.log.remote.storage.RemotePartitionDeleteState;
import org.apache.kafka.storage.internals.log.AbortedTxn;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogFileUtils;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.ProducerAppendInfo;
import org.apache.kafka.storage.internals.log.ProducerStateManager;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.TransactionIndex;

public class DumpCheck {
    static final long TIME = 1700000000000L;
    static final String LOG = "00000000000000000000.log";
    static final Uuid ID = Uuid.fromString("AAAAAAAAAAEAAAAAAAAAAg");
    static Path root;

    static byte[] bytes(String s) {
        return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
    }

    static void file(String name, ByteBuffer... parts) throws Exception {
        Path path = root.resolve(name);
        Files.createDirectories(path.getParent());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer part : parts) {
            byte[] copy = new byte[part.remaining()];
            part.duplicate().get(copy);
            out.write(copy);
        }
        Files.write(path, out.toByteArray());
    }

    static List<SimpleRecord> samples(boolean headers) {
        Header[] some = headers ? new Header[] {new RecordHeader("h1", bytes("x")), new RecordHeader("\u00fc", null),
            new RecordHeader("", bytes(""))} : new Header[0];
        byte[] large = new byte[70000];
        for (int i = 0; i < large.length; i++)
            large[i] = (byte) ('a' + i * i % 23);
        return Arrays.asList(
            new SimpleRecord(TIME, bytes("key"), bytes("value"), some),
            new SimpleRecord(TIME + 5, null, bytes("no key")),
            new SimpleRecord(TIME + 2, bytes("no value"), null),
            new SimpleRecord(TIME + 3, null, (byte[]) null),
            new SimpleRecord(TIME + 4, bytes(""), bytes("")),
            new SimpleRecord(TIME + 6, bytes("\u20ac\ud83d\ude00"), new byte[] {'a', (byte) 0xff, (byte) 0xc3, 'b', 0, '\n', '"'}),
            new SimpleRecord(TIME + 7, new byte[] {0, 0, 0, 7, 0, 0, 0, 9}, new byte[] {-1, -1, -1, -1, -1, -1, -1, -2, 5}),
            new SimpleRecord(TIME + 1, bytes("large"), large));
    }

    static ByteBuffer batch(byte magic, CompressionType codec, TimestampType type, long base, long pid, int sequence,
            boolean transactional, List<SimpleRecord> records) {
        ByteBufferOutputStream out = new ByteBufferOutputStream(1024);
        MemoryRecordsBuilder b = new MemoryRecordsBuilder(out, magic, Compression.of(codec).build(), type, base, TIME + 99,
            pid, pid < 0 ? (short) -1 : (short) 3, sequence, transactional, false, 4, Integer.MAX_VALUE);
        for (SimpleRecord r : records)
            b.append(r);
        return b.build().buffer();
    }

    static ByteBuffer plain(long base, SimpleRecord... records) {
        return batch((byte) 2, CompressionType.NONE, TimestampType.CREATE_TIME, base, -1, -1, false, Arrays.asList(records));
    }

    static void formats() throws Exception {
        for (int magic = 0; magic <= 2; magic++)
            for (CompressionType codec : CompressionType.values()) {
                if (codec == CompressionType.ZSTD && magic < 2)
                    continue;
                List<ByteBuffer> parts = new ArrayList<>();
                parts.add(batch((byte) magic, codec, magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME, 0, -1,
                    -1, false, samples(magic == 2)));
                if (magic > 0)
                    parts.add(batch((byte) magic, codec, TimestampType.LOG_APPEND_TIME, 8, -1, -1, false, samples(magic == 2)));
                file("v" + magic + "-" + codec.name + "/" + LOG, parts.toArray(new ByteBuffer[0]));
            }
    }

    static void special() throws Exception {
        SimpleRecord a = new SimpleRecord(TIME, bytes("a"), bytes("1"));
        file("gaps/00000000000000000100.log", plain(100, a), plain(103, a, a), plain(200, a), plain(150, a));
        file("old/" + LOG, batch((byte) 0, CompressionType.NONE, TimestampType.NO_TIMESTAMP_TYPE, 0, -1, -1, false, Arrays.asList(a, a)),
            batch((byte) 1, CompressionType.NONE, TimestampType.CREATE_TIME, 2, -1, -1, false, samples(false).subList(0, 6)),
            batch((byte) 1, CompressionType.NONE, TimestampType.LOG_APPEND_TIME, 8, -1, -1, false, Arrays.asList(a)));
        file("tail/" + LOG, plain(0, a), ByteBuffer.wrap(new byte[40]).putLong(0, 1).putInt(8, 500).position(0));
        file("zeros/" + LOG, plain(0, a), ByteBuffer.wrap(new byte[4096]));
        file("empty/" + LOG);
        file("short/" + LOG, ByteBuffer.wrap(new byte[17]));
        ByteBufferOutputStream out = new ByteBufferOutputStream(512);
        MemoryRecordsBuilder b = new MemoryRecordsBuilder(out, (byte) 2, Compression.NONE, TimestampType.CREATE_TIME, 0, -1, 5,
            (short) 1, 0, false, false, 0, Integer.MAX_VALUE, TIME + 1000);
        b.append(a);
        file("horizon/" + LOG, b.build().buffer());
        ByteBuffer empty = ByteBuffer.allocate(61);
        org.apache.kafka.common.record.DefaultRecordBatch.writeEmptyHeader(empty, (byte) 2, 7, (short) 1, 10, 0, 4, 2,
            TimestampType.CREATE_TIME, TIME, true, false);
        empty.flip();
        file("emptied/" + LOG, empty, plain(5, a));
        file("transactions/" + LOG,
            batch((byte) 2, CompressionType.NONE, TimestampType.CREATE_TIME, 0, 7, 2147483646, true, Arrays.asList(a, a, a)),
            batch((byte) 2, CompressionType.LZ4, TimestampType.CREATE_TIME, 3, 8, 0, true, Arrays.asList(a, a)),
            batch((byte) 2, CompressionType.NONE, TimestampType.CREATE_TIME, 5, 9, 12, false, Arrays.asList(a)),
            MemoryRecords.withEndTransactionMarker(6, TIME, 4, 7, (short) 3, new EndTransactionMarker(ControlRecordType.COMMIT, 12)).buffer(),
            MemoryRecords.withEndTransactionMarker(7, TIME, 4, 8, (short) 3, new EndTransactionMarker(ControlRecordType.ABORT, -1)).buffer());
    }

    static VotersRecord voters() {
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("h\"1").setPort(65535));
        return new VotersRecord().setVoters(Collections.singletonList(new VotersRecord.Voter().setVoterId(1).setVoterDirectoryId(ID)
            .setEndpoints(endpoints).setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature().setMaxSupportedVersion((short) 1))));
    }

    static void kraft() throws Exception {
        ByteBuffer buffer = ByteBuffer.allocate(512);
        List<ByteBuffer> parts = new ArrayList<>();
        parts.add(MemoryRecords.withSnapshotHeaderRecord(0, TIME, 2, buffer.duplicate(),
            new SnapshotHeaderRecord().setLastContainedLogTimestamp(TIME)).buffer());
        parts.add(MemoryRecords.withKRaftVersionRecord(1, TIME, 2, ByteBuffer.allocate(512), new KRaftVersionRecord().setKRaftVersion((short) 1)).buffer());
        parts.add(MemoryRecords.withVotersRecord(2, TIME, 2, ByteBuffer.allocate(512), voters()).buffer());
        parts.add(MemoryRecords.withLeaderChangeMessage(3, TIME, 2, ByteBuffer.allocate(512), new LeaderChangeMessage().setLeaderId(1)).buffer());
        parts.add(plain(4, metadata().toArray(new SimpleRecord[0])));
        parts.add(MemoryRecords.withSnapshotFooterRecord(500, TIME, 2, ByteBuffer.allocate(512), new SnapshotFooterRecord()).buffer());
        ByteBuffer[] all = parts.toArray(new ByteBuffer[0]);
        file("kraft/" + LOG, all);
        file("kraft/00000000000000000123-0000000007.checkpoint", all);
        file("kraft/bootstrap.checkpoint", all[4]);
        file("kraft/1-2.checkpoint", all[4]);
        file("kraft/0000000000000000012x-0000000007.checkpoint", all[4]);
    }

    static SimpleRecord metadata(ApiMessage m, int version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ApiMessageAndVersion v = new ApiMessageAndVersion(m, (short) version);
        MetadataRecordSerde serde = new MetadataRecordSerde();
        ByteBuffer out = ByteBuffer.allocate(serde.recordSize(v, cache));
        serde.write(v, cache, new ByteBufferAccessor(out));
        return new SimpleRecord(TIME, null, out.array());
    }

    static List<SimpleRecord> metadata() {
        List<SimpleRecord> out = new ArrayList<>();
        List<Uuid> ids = Arrays.asList(ID, Uuid.fromString("-_8AAAAAAAEAAAAAAAAAAw"));
        for (int version = 0; version <= 3; version++) {
            RegisterBrokerRecord r = new RegisterBrokerRecord().setBrokerId(1).setIncarnationId(ID).setBrokerEpoch(77).setFenced(version % 2 == 0)
                .setIsMigratingZkBroker(version >= 2).setInControlledShutdown(version >= 1).setRack(version == 0 ? null : "r");
            r.endPoints().add(new RegisterBrokerRecord.BrokerEndpoint().setName("PLAINTEXT").setHost("h").setPort(9092));
            r.features().add(new RegisterBrokerRecord.BrokerFeature().setName("metadata.version").setMaxSupportedVersion((short) 21));
            if (version >= 3)
                r.setLogDirs(ids);
            out.add(metadata(r, version));
        }
        out.add(metadata(new UnregisterBrokerRecord().setBrokerId(1).setBrokerEpoch(5), 0));
        out.add(metadata(new TopicRecord().setName("t\u00e9\t\\").setTopicId(ID), 0));
        for (int version = 0; version <= 2; version++) {
            PartitionRecord p = new PartitionRecord().setPartitionId(3).setTopicId(ID).setReplicas(Arrays.asList(1, 2)).setIsr(Arrays.asList(1))
                .setLeader(1).setLeaderEpoch(4).setPartitionEpoch(5).setLeaderRecoveryState((byte) (version % 2));
            PartitionChangeRecord c = new PartitionChangeRecord().setPartitionId(3).setTopicId(ID).setIsr(Arrays.asList(2)).setLeader(2);
            if (version >= 1) {
                p.setDirectories(ids);
                c.setDirectories(ids).setReplicas(Collections.emptyList()).setAddingReplicas(Arrays.asList(9));
            }
            if (version >= 2) {
                p.setEligibleLeaderReplicas(Arrays.asList(2)).setLastKnownElr(Arrays.asList(3));
                c.setEligibleLeaderReplicas(Arrays.asList(2)).setLastKnownElr(Arrays.asList(3)).setLeaderRecoveryState((byte) 1);
            }
            out.add(metadata(p, version));
            out.add(metadata(c, version));
            out.add(metadata(new PartitionChangeRecord().setPartitionId(3).setTopicId(ID), version));
        }
        out.add(metadata(new ConfigRecord().setResourceType((byte) 2).setResourceName("t").setName("k").setValue("v"), 0));
        out.add(metadata(new ConfigRecord().setResourceType((byte) 4).setResourceName("").setName("k").setValue(null), 0));
        out.add(metadata(new FenceBrokerRecord().setId(1).setEpoch(2), 0));
        out.add(metadata(new UnfenceBrokerRecord().setId(1).setEpoch(2), 0));
        out.add(metadata(new RemoveTopicRecord().setTopicId(ID), 0));
        out.add(metadata(new DelegationTokenRecord().setOwner("o").setRequester("r").setRenewers(Arrays.asList("a", "b")).setIssueTimestamp(1)
            .setMaxTimestamp(2).setExpirationTimestamp(3).setTokenId("id"), 0));
        out.add(metadata(new UserScramCredentialRecord().setName("u").setMechanism((byte) 1).setSalt(bytes("s")).setStoredKey(bytes("st"))
            .setServerKey(bytes("ser")).setIterations(4096), 0));
        out.add(metadata(new FeatureLevelRecord().setName("f").setFeatureLevel((short) 7), 0));
        for (double value : new double[] {0, 1, 1024.5, 1e7, 0.0001, -3.25e-9, 123456789012.0, Double.POSITIVE_INFINITY, Double.NaN})
            out.add(metadata(new ClientQuotaRecord().setEntity(Arrays.asList(new ClientQuotaRecord.EntityData().setEntityType("user")
                .setEntityName(null))).setKey("k").setValue(value).setRemove(value > 1), 0));
        out.add(metadata(new ProducerIdsRecord().setBrokerId(1).setNextProducerId(1000), 0));
        for (int version = 0; version <= 2; version++) {
            BrokerRegistrationChangeRecord r = new BrokerRegistrationChangeRecord().setBrokerId(1).setBrokerEpoch(2).setFenced((byte) -version);
            if (version >= 1)
                r.setInControlledShutdown((byte) 1);
            if (version >= 2)
                r.setLogDirs(ids);
            out.add(metadata(r, version));
        }
        out.add(metadata(new AccessControlEntryRecord().setId(ID).setResourceType((byte) 2).setResourceName("t").setPatternType((byte) 3)
            .setPrincipal("User:a").setHost("*").setOperation((byte) 3).setPermissionType((byte) 3), 0));
        out.add(metadata(new RemoveAccessControlEntryRecord().setId(ID), 0));
        out.add(metadata(new NoOpRecord(), 0));
        out.add(metadata(new ZkMigrationStateRecord().setZkMigrationState((byte) 1), 0));
        out.add(metadata(new RemoveUserScramCredentialRecord().setName("u").setMechanism((byte) 1), 0));
        out.add(metadata(new BeginTransactionRecord().setName("x"), 0));
        out.add(metadata(new BeginTransactionRecord(), 0));
        out.add(metadata(new EndTransactionRecord(), 0));
        out.add(metadata(new AbortTransactionRecord().setReason("why"), 0));
        out.add(metadata(new RemoveDelegationTokenRecord().setTokenId("id"), 0));
        RegisterControllerRecord c = new RegisterControllerRecord().setControllerId(3).setIncarnationId(ID).setZkMigrationReady(true);
        c.endPoints().add(new RegisterControllerRecord.ControllerEndpoint().setName("C").setHost("h").setPort(1).setSecurityProtocol((short) 1));
        c.features().add(new RegisterControllerRecord.ControllerFeature().setName("f").setMinSupportedVersion((short) 1));
        out.add(metadata(c, 0));
        for (byte[] odd : new byte[][] {{}, {0}, {2, 0, 0}, {1}, {1, 99, 0}, {1, 6, 0}, {1, 2}, {1, 2, 0, 5}, {1, 20, 0, 0, 7},
            {1, 9, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0}, {1, 0, 9, 0, 0, 0, 0}, {-1, -1, -1, -1, 15}, {-1, -1, 7}})
            out.add(new SimpleRecord(TIME, null, odd));
        out.add(new SimpleRecord(TIME, bytes("k"), null));
        return out;
    }

    static SimpleRecord versioned(ApiMessage key, int keyVersion, ApiMessage value, int valueVersion) {
        return new SimpleRecord(TIME, MessageUtil.toVersionPrefixedBytes((short) keyVersion, key),
            value == null ? null : MessageUtil.toVersionPrefixedBytes((short) valueVersion, value));
    }

    static GroupMetadataValue group(String type, byte[] subscription, byte[] assignment) {
        return new GroupMetadataValue().setProtocolType(type).setGeneration(4).setProtocol("range").setLeader("m").setCurrentStateTimestamp(TIME)
            .setMembers(Arrays.asList(new GroupMetadataValue.MemberMetadata().setMemberId("m").setClientId("c").setClientHost("/h")
                .setRebalanceTimeout(5).setSessionTimeout(6).setSubscription(subscription).setAssignment(assignment)));
    }

    static byte[] array(ByteBuffer b) {
        byte[] out = new byte[b.remaining()];
        b.get(out);
        return out;
    }

    static void groups() throws Exception {
        List<SimpleRecord> r = new ArrayList<>();
        OffsetCommitKey key = new OffsetCommitKey().setGroup("g\"").setTopic("t").setPartition(3);
        for (int version = 0; version <= 4; version++)
            r.add(versioned(key, version % 2, new OffsetCommitValue().setOffset(5).setMetadata("m").setCommitTimestamp(TIME)
                .setExpireTimestamp(version == 1 ? TIME : -1).setLeaderEpoch(version >= 3 ? 2 : -1), version));
        r.add(versioned(key, 1, null, 0));
        GroupMetadataKey group = new GroupMetadataKey().setGroup("g");
        for (int version = 0; version <= 4; version++)
            for (int protocol = 0; protocol <= 3; protocol++) {
                ConsumerPartitionAssignor.Subscription s = new ConsumerPartitionAssignor.Subscription(Arrays.asList("t", "u"),
                    protocol == 2 ? ByteBuffer.wrap(bytes("user")) : null, Arrays.asList(new TopicPartition("t", 1)), 7, Optional.of("rack"));
                ConsumerPartitionAssignor.Assignment a = new ConsumerPartitionAssignor.Assignment(Arrays.asList(new TopicPartition("t", 1),
                    new TopicPartition("t", 2)), protocol == 1 ? ByteBuffer.wrap(bytes("x")) : null);
                r.add(versioned(group, 2, group("consumer", array(ConsumerProtocol.serializeSubscription(s, (short) protocol)),
                    array(ConsumerProtocol.serializeAssignment(a, (short) protocol))), version));
            }
        r.add(versioned(group, 2, group("consumer", bytes("odd"), new byte[0]), 3));
        r.add(versioned(group, 2, group("connect", bytes("bytes"), bytes("more")), 3));
        r.add(versioned(group, 2, new GroupMetadataValue().setProtocolType("").setProtocol(null).setLeader(null), 3));
        r.add(versioned(group, 2, null, 0));
        r.add(versioned(new ConsumerGroupMetadataKey().setGroupId("g"), 3, new ConsumerGroupMetadataValue().setEpoch(4), 0));
        r.add(versioned(new ConsumerGroupPartitionMetadataKey().setGroupId("g"), 4, new ConsumerGroupPartitionMetadataValue().setTopics(
            Arrays.asList(new ConsumerGroupPartitionMetadataValue.TopicMetadata().setTopicId(ID).setTopicName("t").setNumPartitions(2)
                .setPartitionMetadata(Arrays.asList(new ConsumerGroupPartitionMetadataValue.PartitionMetadata().setPartition(1)
                    .setRacks(Arrays.asList("a", "b")))))), 0));
        ConsumerGroupMemberMetadataValue member = new ConsumerGroupMemberMetadataValue().setClientId("c").setClientHost("h").setRackId("r")
            .setSubscribedTopicNames(Arrays.asList("t"));
        r.add(versioned(new ConsumerGroupMemberMetadataKey().setGroupId("g").setMemberId("m"), 5, member, 0));
        r.add(versioned(new ConsumerGroupMemberMetadataKey().setGroupId("g").setMemberId("m"), 5, member.duplicate().setClassicMemberMetadata(
            new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata().setSessionTimeoutMs(5).setSupportedProtocols(Arrays.asList(
                new ConsumerGroupMemberMetadataValue.ClassicProtocol().setName("range").setMetadata(bytes("md"))))), 0));
        r.add(versioned(new ConsumerGroupTargetAssignmentMetadataKey().setGroupId("g"), 6,
            new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(9), 0));
        r.add(versioned(new ConsumerGroupTargetAssignmentMemberKey().setGroupId("g").setMemberId("m"), 7,
            new ConsumerGroupTargetAssignmentMemberValue().setTopicPartitions(Arrays.asList(
                new ConsumerGroupTargetAssignmentMemberValue.TopicPartition().setTopicId(ID).setPartitions(Arrays.asList(1, 2)))), 0));
        r.add(versioned(new ConsumerGroupCurrentMemberAssignmentKey().setGroupId("g").setMemberId("m"), 8,
            new ConsumerGroupCurrentMemberAssignmentValue().setMemberEpoch(3).setState((byte) 1).setAssignedPartitions(Arrays.asList(
                new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions().setTopicId(ID).setPartitions(Arrays.asList(0)))), 0));
        r.add(versioned(new ConsumerGroupMetadataKey().setGroupId("g"), 3, null, 0));
        for (byte[] odd : new byte[][] {{}, {0}, {0, 9}, {-1, -1}, {0, 99, 1}, {0, 1}})
            r.add(new SimpleRecord(TIME, odd, bytes("v")));
        r.add(new SimpleRecord(TIME, MessageUtil.toVersionPrefixedBytes((short) 1, key), new byte[0]));
        r.add(new SimpleRecord(TIME, MessageUtil.toVersionPrefixedBytes((short) 1, key), new byte[] {0, 3, 0}));
        file("offsets/" + LOG, plain(0, r.toArray(new SimpleRecord[0])));
        file("offsets-without-key/" + LOG, plain(0, new SimpleRecord(TIME, null, bytes("v"))));
    }

    static TransactionLogValue transaction(int status, Object... partitions) {
        TransactionLogValue v = new TransactionLogValue().setProducerId(12).setProducerEpoch((short) 3).setTransactionTimeoutMs(60000)
            .setTransactionStatus((byte) status).setTransactionLastUpdateTimestampMs(TIME).setTransactionStartTimestampMs(TIME);
        List<TransactionLogValue.PartitionsSchema> topics = new ArrayList<>();
        for (int i = 0; i < partitions.length; i += 2) {
            List<Integer> ids = new ArrayList<>();
            for (int p = 0; p < (int) partitions[i + 1]; p++)
                ids.add(p * 7 % 101);
            topics.add(new TransactionLogValue.PartitionsSchema().setTopic((String) partitions[i]).setPartitionIds(ids));
        }
        return v.setTransactionPartitions(status == 0 ? null : topics);
    }

    static void transactions() throws Exception {
        List<SimpleRecord> r = new ArrayList<>();
        TransactionLogKey key = new TransactionLogKey().setTransactionalId("tx\u00e4");
        for (int status = 0; status <= 7; status++)
            r.add(versioned(key, 0, transaction(status, "t", status), status % 2));
        for (int n : new int[] {1, 2, 3, 5, 8, 11, 12, 13, 20, 23, 24, 25, 50, 100, 150})
            r.add(versioned(key, 0, transaction(1, "orders", n, "a", 2, "payments.eu", n / 2 + 1, "orders", 3), 0));
        for (int n = 1; n <= 40; n++) {
            Object[] many = new Object[2 * n];
            for (int i = 0; i < n; i++) {
                many[2 * i] = "topic-" + i;
                many[2 * i + 1] = i % 5;
            }
            r.add(versioned(key, 0, transaction(1, many), 1));
        }
        r.add(versioned(key, 0, null, 0));
        r.add(new SimpleRecord(TIME, new byte[] {0, 5, 1}, bytes("v")));
        file("txn/" + LOG, plain(0, r.toArray(new SimpleRecord[0])));
        byte[] good = MessageUtil.toVersionPrefixedBytes((short) 0, key);
        int i = 0;
        for (byte[] odd : new byte[][] {{}, {0}, {0, 9}, {0, 0, 1}, MessageUtil.toVersionPrefixedBytes((short) 0, transaction(1)).clone()}) {
            if (odd.length > 16)
                odd[16] = 50; /* the state */
            file("txn-odd" + i++ + "/" + LOG, plain(0, new SimpleRecord(TIME, good, odd)));
        }
        file("txn-odd" + i++ + "/" + LOG, plain(0, new SimpleRecord(TIME, null, bytes("v"))));
        file("txn-odd" + i + "/" + LOG, plain(0, new SimpleRecord(TIME, new byte[1], bytes("v"))));
    }

    static void remote() throws Exception {
        RemoteLogMetadataSerde serde = new RemoteLogMetadataSerde();
        RemoteLogSegmentId id = new RemoteLogSegmentId(new TopicIdPartition(ID, new TopicPartition("t", 4)), Uuid.fromString("-_8AAAAAAAEAAAAAAAAAAw"));
        Map<Integer, Long> epochs = new TreeMap<>();
        epochs.put(12, 40L);
        epochs.put(3, 10L);
        epochs.put(-1, 0L);
        Optional<CustomMetadata> custom = Optional.of(new CustomMetadata(bytes("abc")));
        List<RemoteLogMetadata> all = new ArrayList<>();
        RemoteLogSegmentMetadata started = new RemoteLogSegmentMetadata(id, 10, 50, TIME, 1, TIME + 1, 1000, epochs);
        all.add(started);
        for (RemoteLogSegmentState state : RemoteLogSegmentState.values()) {
            all.add(new RemoteLogSegmentMetadataUpdate(id, TIME + 2, state.id() % 2 == 0 ? Optional.empty() : custom, state, 2));
            all.add(started.createWithUpdates(new RemoteLogSegmentMetadataUpdate(id, TIME + 2, custom, state, 2)));
            all.add(new RemoteLogSegmentMetadataSnapshot(id.id(), 10, 50, TIME, 1, TIME, 1000, custom, state, epochs));
        }
        for (RemotePartitionDeleteState state : RemotePartitionDeleteState.values())
            all.add(new RemotePartitionDeleteMetadata(id.topicIdPartition(), state, TIME, 3));
        List<SimpleRecord> r = new ArrayList<>();
        for (RemoteLogMetadata m : all)
            r.add(new SimpleRecord(TIME, null, serde.serialize(m)));
        for (byte[] odd : new byte[][] {{}, {0}, {1, 9, 0}, {1, 0, 0, 1}, {3, 0}, {1}, {1, 2}})
            r.add(new SimpleRecord(TIME, null, odd));
        for (int i = 0; i < 4; i++) { /* a state that is none */
            byte[] odd = serde.serialize(all.get(i == 2 ? all.size() - 1 : i)).clone();
            odd[odd.length - 2] = 77;
            r.add(new SimpleRecord(TIME, null, odd));
        }
        r.add(new SimpleRecord(TIME, null, (byte[]) null));
        file("remote/" + LOG, plain(0, r.toArray(new SimpleRecord[0])));
    }

    /* A segment of 40 batches with all that lies beside it. */
    static void segment(String name, long base, int spread, int codec) throws Exception {
        Path dir = root.resolve(name);
        Files.createDirectories(dir);
        LogSegment segment = LogSegment.open(dir.toFile(), base, new LogConfig(Collections.singletonMap("index.interval.bytes", "200")),
            Time.SYSTEM, 0, false);
        ProducerStateManager producers = new ProducerStateManager(new TopicPartition("t", 0), dir.toFile(), 60000,
            new ProducerStateManagerConfig(86400000, false), Time.SYSTEM);
        TransactionIndex aborted = new TransactionIndex(base, dir.resolve(LogFileUtils.filenamePrefixFromOffset(base) + ".txnindex").toFile());
        long offset = base;
        for (int i = 0; i < 40; i++) {
            long time = TIME + i * 10 + (i % 3 == 0 ? spread : 0);
            List<SimpleRecord> records = Arrays.asList(new SimpleRecord(time, bytes("k" + i), bytes("value")),
                new SimpleRecord(time - 1, null, bytes("v")));
            long pid = i % 4 == 0 ? -1 : 100 + i % 4;
            MemoryRecords batch = MemoryRecords.readableRecords(batch((byte) 2, CompressionType.forId(codec), TimestampType.CREATE_TIME, offset,
                pid, pid < 0 ? -1 : 2147483640 + (i / 4) * 2 < 0 ? (2147483640 + (i / 4) * 2) & Integer.MAX_VALUE : 2147483640 + (i / 4) * 2,
                i % 4 == 3, records));
            segment.append(offset + 1, batch);
            if (pid >= 0) {
                ProducerAppendInfo info = producers.prepareUpdate(pid, AppendOrigin.REPLICATION);
                info.append(batch.batches().iterator().next(), Optional.empty());
                producers.update(info);
            }
            if (i % 10 == 9)
                aborted.append(new AbortedTxn(100 + i, offset - 8, offset, offset - 3));
            offset += 2;
        }
        ProducerAppendInfo info = producers.prepareUpdate(500, AppendOrigin.COORDINATOR);
        info.appendEndTxnMarker(new EndTransactionMarker(ControlRecordType.ABORT, 9), (short) 2, offset, TIME);
        producers.update(info);
        producers.updateMapEndOffset(offset);
        producers.takeSnapshot();
        aborted.close();
        segment.close();
    }

    static void segments() throws Exception {
        segment("segment", 0, 0, 0);
        segment("segment-late", 1000, 500, 0);
        segment("segment-zstd", 77, 35, 4);
        for (String kind : new String[] {".index", ".timeindex"}) { /* as after a crash: zeros behind the entries */
            for (String other : new String[] {".log", ".index", ".timeindex"}) {
                byte[] b = Files.readAllBytes(root.resolve("segment/00000000000000000000" + other));
                file("padded" + kind + "/00000000000000000000" + other, ByteBuffer.wrap(other.equals(kind) ? Arrays.copyOf(b, b.length + 240) : b));
            }
        }
    }

    static void dump(Path out, String[] args, int number) throws Exception {
        PrintStream stdout = new PrintStream(Files.newOutputStream(out.resolve(number + ".out")), false, "UTF-8");
        PrintStream stderr = new PrintStream(Files.newOutputStream(out.resolve(number + ".err")), false, "UTF-8");
        System.setErr(stderr);
        try {
            scala.Console$.MODULE$.withOut(stdout, () -> {
                kafka.tools.DumpLogSegments.main(args);
                return null;
            });
        } catch (Throwable e) {
            stderr.println("Exception in thread \"main\" " + e);
        }
        stdout.close();
        stderr.close();
    }

    public static void main(String[] args) throws Exception {
        root = Paths.get(args[1]);
        if (args[0].equals("write")) {
            formats();
            special();
            kraft();
            groups();
            transactions();
            remote();
            segments();
            return;
        }
        Exit.setExitProcedure((code, message) -> {
            throw new RuntimeException("exit " + code);
        });
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int i = 0;
        for (String line = in.readLine(); line != null; line = in.readLine())
            dump(root, line.split("\t"), i++);
    }
}
