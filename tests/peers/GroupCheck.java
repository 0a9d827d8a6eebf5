// GroupCheck - Apache Kafka's own consumer and admin client against a broker's group coordinator.
//
//   java -cp JARS GroupCheck SERVER MODE ARGUMENTS
//
// MODE together TOPIC COUNT ASSIGNOR: three consumers with that assignor read COUNT records of TOPIC as one group; members
//                  join and leave on the way, every record is delivered, nobody reads what is not assigned to it.
// MODE admin TOPIC: lists, describes, alters and deletes offsets and groups with the Admin client.
// MODE leave-behind TOPIC: groups of all sorts, as a coordinator keeps them: simple consumers, members that left, a static
//                  member that stays.
// MODE transactions TOPIC: offsets committed within transactions: committed, aborted.
// MODE print:      what the coordinator knows: a line for each group and offset, sorted.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class GroupCheck {
    static String server;

    static void check(boolean ok, String what) {
        if (!ok) {
            System.out.println("FAILED: " + what);
            System.exit(1);
        }
    }

    static KafkaConsumer<String, String> consumer(String group, Map<String, String> more) {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        p.put("group.id", group);
        p.put("auto.offset.reset", "earliest");
        p.put("enable.auto.commit", "false");
        p.put("session.timeout.ms", "30000");
        p.put("heartbeat.interval.ms", "300");
        p.putAll(more);
        return new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
    }

    // --- several members ---

    static class Member extends Thread implements ConsumerRebalanceListener {
        final KafkaConsumer<String, String> consumer;
        final Set<String> seen;
        final AtomicInteger limit;
        final Set<TopicPartition> mine = new HashSet<>();
        volatile boolean leave;
        volatile Throwable failure;
        volatile int assignments;

        Member(String group, String topic, String assignor, Set<String> seen, AtomicInteger limit) {
            consumer = consumer(group, Map.of("partition.assignment.strategy", assignor, "max.poll.records", "200"));
            this.seen = seen;
            this.limit = limit;
            consumer.subscribe(List.of(topic), this);
        }

        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            mine.addAll(partitions);
            assignments++;
        }

        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            try {
                consumer.commitSync();
            } catch (RebalanceInProgressException e) {
                // the next owner reads some records again
            }
            mine.removeAll(partitions);
        }

        @Override
        public void run() {
            try {
                while (!leave && seen.size() < limit.get()) {
                    for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(100))) {
                        check(mine.contains(new TopicPartition(r.topic(), r.partition())), "what is read is assigned");
                        seen.add(r.partition() + "-" + r.offset());
                    }
                    if (!mine.isEmpty()) {
                        consumer.commitAsync();
                    }
                    Thread.sleep(20); // so that the others are there in time
                }
                consumer.close();
            } catch (Throwable t) {
                failure = t;
            }
        }
    }

    static void await(String what, java.util.function.BooleanSupplier condition) throws Exception {
        long deadline = System.currentTimeMillis() + 60_000;
        while (!condition.getAsBoolean()) {
            check(System.currentTimeMillis() < deadline, "within a minute: " + what);
            Thread.sleep(20);
        }
    }

    static void together(String topic, int count, String assignor) throws Exception {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        AtomicInteger limit = new AtomicInteger(Integer.MAX_VALUE);
        List<Member> members = new ArrayList<>();
        String name = "org.apache.kafka.clients.consumer." + assignor;
        for (int i = 0; i < 3; i++) {
            Member m = new Member(topic + "-group", topic, name, seen, limit);
            members.add(m);
            m.start();
            await("the member has partitions", () -> !m.mine.isEmpty() || m.failure != null);
        }
        members.get(0).leave = true;
        members.get(0).join();
        Member late = new Member(topic + "-group", topic, name, seen, limit);
        members.add(late);
        late.start();
        await("the late member has partitions", () -> !late.mine.isEmpty() || late.failure != null);
        limit.set(count);
        for (Member m : members) {
            m.join(60_000);
            check(!m.isAlive(), "the members end");
            for (Throwable t = m.failure; t != null; t = t.getCause()) {
                System.out.println("failed: " + t);
            }
            check(m.failure == null, "no member fails");
        }
        check(seen.size() == count, seen.size() + " of " + count + " records were read");
        try (Admin admin = admin()) {
            long sum = 0;
            for (OffsetAndMetadata o : admin.listConsumerGroupOffsets(topic + "-group").partitionsToOffsetAndMetadata()
                    .get().values()) {
                sum += o.offset();
            }
            check(sum <= count, "no more than there is was committed");
        }
    }

    // --- administration ---

    static Admin admin() {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        return Admin.create(p);
    }

    static Throwable failure(org.apache.kafka.common.KafkaFuture<?> f) throws Exception {
        try {
            f.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    static void expect(String name, org.apache.kafka.common.KafkaFuture<?> f) throws Exception {
        Throwable t = failure(f);
        check(t != null && t.getClass().getSimpleName().equals(name), "expected " + name + ", got " + t);
    }

    static void admin(String topic) throws Exception {
        String group = topic + "-group";
        TopicPartition p0 = new TopicPartition(topic, 0);
        TopicPartition p1 = new TopicPartition(topic, 1);
        try (Admin admin = admin(); KafkaConsumer<String, String> c = consumer(group, Map.of("group.instance.id", "i"))) {
            c.subscribe(List.of(topic));
            for (int i = 0; i < 300 && c.assignment().isEmpty(); i++) {
                c.poll(Duration.ofMillis(100));
            }
            c.commitSync(Map.of(p0, new OffsetAndMetadata(3, Optional.of(0), "note"), p1, new OffsetAndMetadata(4)));
            ConsumerGroupDescription d = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            check(d.state() == ConsumerGroupState.STABLE && d.members().size() == 1, "the group is stable: " + d);
            check(d.members().iterator().next().groupInstanceId().equals(Optional.of("i")), "its member is static");
            boolean found = false;
            for (ConsumerGroupListing l : admin.listConsumerGroups().all().get()) {
                found |= l.groupId().equals(group) && l.state().equals(Optional.of(ConsumerGroupState.STABLE));
            }
            check(found, "the group is listed");
            OffsetAndMetadata o = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(p0);
            check(o.offset() == 3 && o.metadata().equals("note") && o.leaderEpoch().equals(Optional.of(0)), "the offset: " + o);
            expect("GroupNotEmptyException", admin.deleteConsumerGroups(List.of(group)).all());
            expect("GroupSubscribedToTopicException", admin.deleteConsumerGroupOffsets(group, Set.of(p0)).all());
            expect("UnknownMemberIdException", admin.alterConsumerGroupOffsets(group, Map.of(p0, new OffsetAndMetadata(1))).all());
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(
                    List.of(new MemberToRemove("i")))).all().get();
            d = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
            check(d.state() == ConsumerGroupState.EMPTY && d.members().isEmpty(), "the member was removed: " + d);
            admin.alterConsumerGroupOffsets(group, Map.of(p0, new OffsetAndMetadata(1))).all().get();
            admin.deleteConsumerGroupOffsets(group, Set.of(p1)).all().get();
            Map<TopicPartition, OffsetAndMetadata> left =
                    admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            check(left.size() == 1 && left.get(p0).offset() == 1, "offsets after alteration and deletion: " + left);
            admin.deleteConsumerGroups(List.of(group)).all().get();
            expect("GroupIdNotFoundException", admin.deleteConsumerGroups(List.of(group)).all());
        }
    }

    // --- for another broker to read ---

    static void leaveBehind(String topic) throws Exception {
        for (int g = 0; g < 20; g++) {
            try (KafkaConsumer<String, String> c = consumer("simple-" + g, Map.of())) {
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                for (int p = 0; p < 4; p++) {
                    offsets.put(new TopicPartition(topic, p), new OffsetAndMetadata(g * 10 + p,
                            p % 2 == 0 ? Optional.of(0) : Optional.empty(), p == 3 ? "größe " + g : ""));
                }
                c.commitSync(offsets);
                offsets.replaceAll((tp, o) -> new OffsetAndMetadata(o.offset() + 1, o.leaderEpoch(), o.metadata()));
                c.commitSync(offsets);
            }
        }
        for (String id : List.of("left", "stays")) {
            Map<String, String> more = new HashMap<>(Map.of("session.timeout.ms", "600000"));
            if (id.equals("stays")) {
                more.put("group.instance.id", "instance");
            }
            try (KafkaConsumer<String, String> c = consumer(id, more)) {
                c.subscribe(List.of(topic));
                for (int i = 0; i < 300 && c.assignment().isEmpty(); i++) {
                    c.poll(Duration.ofMillis(100));
                }
                check(!c.assignment().isEmpty(), "the consumer has partitions");
                c.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(7)));
            }
        }
        try (Admin admin = admin()) {
            admin.deleteConsumerGroups(List.of("simple-3")).all().get();
            admin.deleteConsumerGroupOffsets("simple-4", Set.of(new TopicPartition(topic, 1))).all().get();
        }
    }

    static void transactions(String topic) throws Exception {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        p.put("transactional.id", topic + "-transactions");
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            for (int i = 0; i < 6; i++) {
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(100 + i)),
                        new ConsumerGroupMetadata("txn-" + i % 3));
                if (i < 5) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }

    static void print() throws Exception {
        TreeSet<String> lines = new TreeSet<>();
        try (Admin admin = admin()) {
            List<String> groups = new ArrayList<>();
            for (ConsumerGroupListing l : admin.listConsumerGroups().all().get()) {
                groups.add(l.groupId());
                lines.add(l.groupId() + " listed " + l.state().get() + " simple=" + l.isSimpleConsumerGroup());
            }
            admin.describeConsumerGroups(groups).all().get().forEach((id, d) -> {
                lines.add(id + " is " + d.state() + " assignor=" + d.partitionAssignor());
                d.members().forEach(m -> lines.add(id + " member " + m.consumerId() + " " + m.groupInstanceId() + " "
                        + m.clientId() + " " + m.host() + " " + new TreeSet<>(Arrays.asList(
                        m.assignment().topicPartitions().stream().map(TopicPartition::toString).toArray()))));
            });
            for (String id : groups) {
                admin.listConsumerGroupOffsets(id).partitionsToOffsetAndMetadata().get().forEach((tp, o) -> lines.add(
                        id + " at " + tp + " " + o.offset() + " " + o.leaderEpoch() + " '" + o.metadata() + "'"));
            }
        }
        lines.forEach(System.out::println);
    }

    public static void main(String[] args) {
        try {
            server = args[0];
            switch (args[1]) {
                case "together": together(args[2], Integer.parseInt(args[3]), args[4]); break;
                case "admin": admin(args[2]); break;
                case "leave-behind": leaveBehind(args[2]); break;
                case "transactions": transactions(args[2]); break;
                case "print": print(); break;
                default: throw new IllegalArgumentException(args[1]);
            }
            System.out.println("OK");
        } catch (Throwable t) {
            t.printStackTrace();
            System.exit(1);
        }
    }
}
