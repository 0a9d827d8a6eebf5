// ClientCheck - Apache Kafka's own Java client against a broker: what goes in comes out.
//
//   java -cp JARS ClientCheck SERVER TOPIC MODE COUNT [CODEC]
//
// MODE roundtrip: sends COUNT records with keys, headers and timestamps through the default (idempotent) producer with
//                 CODEC, reads all partitions from the beginning, compares everything.
// MODE produce:   only sends, values "CODEC-i".
// MODE consume:   only reads COUNT records and prints "partition offset key value" lines.
// MODE admin:     creates, describes, alters and deletes the topic with the Admin client.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class ClientCheck {
    static final long BASE_TIMESTAMP = System.currentTimeMillis() - 3_600_000; // within the retention

    static void check(boolean ok, String what) {
        if (!ok) {
            System.out.println("FAILED: " + what);
            System.exit(1);
        }
    }

    static KafkaProducer<String, String> producer(String server, String codec) {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        p.put("compression.type", codec);
        p.put("linger.ms", "5");
        p.put("max.block.ms", "20000");
        return new KafkaProducer<>(p, new StringSerializer(), new StringSerializer());
    }

    static Map<TopicPartition, List<String>> produce(String server, String topic, int count, String codec)
            throws Exception {
        Map<TopicPartition, List<String>> sent = new HashMap<>();
        List<Future<RecordMetadata>> acks = new ArrayList<>(count);
        List<String> texts = new ArrayList<>(count);
        try (KafkaProducer<String, String> producer = producer(server, codec)) {
            for (int i = 0; i < count; i++) {
                String key = i % 3 == 0 ? null : "key-" + i;
                ProducerRecord<String, String> r =
                        new ProducerRecord<>(topic, null, BASE_TIMESTAMP + i, key, codec + "-" + i);
                r.headers().add("n", Integer.toString(i).getBytes(StandardCharsets.UTF_8));
                r.headers().add("empty", null);
                texts.add(text(r.key(), r.value(), r.timestamp(), Integer.toString(i)));
                acks.add(producer.send(r));
            }
            producer.flush();
        }
        for (int i = 0; i < count; i++) {
            RecordMetadata m = acks.get(i).get(30, TimeUnit.SECONDS);
            List<String> list =
                    sent.computeIfAbsent(new TopicPartition(m.topic(), m.partition()), k -> new ArrayList<>());
            check(m.offset() >= 0, "an acknowledged record has an offset");
            list.add(m.offset() + " " + texts.get(i));
        }
        return sent;
    }

    static String text(String key, String value, long timestamp, String header) {
        return key + " " + value + " " + timestamp + " " + header;
    }

    static KafkaConsumer<String, String> consumer(String server) {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        p.put("auto.offset.reset", "earliest");
        p.put("isolation.level", "read_committed");
        return new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer());
    }

    static Map<TopicPartition, List<String>> consume(String server, String topic, int count, boolean print) {
        Map<TopicPartition, List<String>> got = new HashMap<>();
        try (KafkaConsumer<String, String> consumer = consumer(server)) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo info : consumer.partitionsFor(topic)) {
                partitions.add(new TopicPartition(topic, info.partition()));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            int n = 0;
            long deadline = System.currentTimeMillis() + 60_000;
            while (n < count && System.currentTimeMillis() < deadline) {
                for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(500))) {
                    String header = r.headers().lastHeader("n") == null
                            ? "-" : new String(r.headers().lastHeader("n").value(), StandardCharsets.UTF_8);
                    got.computeIfAbsent(new TopicPartition(topic, r.partition()), k -> new ArrayList<>())
                            .add(r.offset() + " " + text(r.key(), r.value(), r.timestamp(), header));
                    if (print) {
                        System.out.println(r.partition() + " " + r.offset() + " " + r.key() + " " + r.value());
                    }
                    n++;
                }
            }
            check(n >= count, "read " + n + " of " + count + " records within a minute");
        }
        return got;
    }

    static void roundtrip(String server, String topic, int count, String codec) throws Exception {
        Map<TopicPartition, List<String>> sent = produce(server, topic, count, codec);
        Map<TopicPartition, List<String>> got = consume(server, topic, count, false);
        check(sent.equals(got), "what was read is what was acknowledged, in order, at its offsets");
    }

    static void awaitCount(Admin admin, String topic, int partitions) throws Exception {
        for (int i = 0; i < 100; i++) {
            TopicDescription d = admin.describeTopics(Set.of(topic)).allTopicNames().get().get(topic);
            if (d.partitions().size() == partitions) {
                return;
            }
            Thread.sleep(50);
        }
        check(false, "the topic has " + partitions + " partitions");
    }

    static void admin(String server, String topic) throws Exception {
        Properties p = new Properties();
        p.put("bootstrap.servers", server);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try (Admin admin = Admin.create(p)) {
            check(!admin.describeCluster().clusterId().get().isEmpty(), "the cluster has an id");
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1).configs(Map.of("retention.ms", "123456"))))
                    .all().get();
            awaitCount(admin, topic, 2);
            try {
                admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
                check(false, "a topic cannot be created twice");
            } catch (ExecutionException e) {
                check(e.getCause().getClass().getSimpleName().equals("TopicExistsException"), "" + e.getCause());
            }
            check(admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms").value()
                    .equals("123456"), "the override is described");
            Collection<AlterConfigOp> ops = List.of(new AlterConfigOp(
                    new ConfigEntry("retention.ms", "654321"), AlterConfigOp.OpType.SET));
            admin.incrementalAlterConfigs(Map.of(resource, ops)).all().get();
            for (int i = 0; i < 100 && !admin.describeConfigs(List.of(resource)).all().get().get(resource)
                    .get("retention.ms").value().equals("654321"); i++) {
                Thread.sleep(50);
            }
            check(admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms").value()
                    .equals("654321"), "the altered override is described");
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(5))).all().get();
            awaitCount(admin, topic, 5);
            produce(server, topic, 100, "none");
            TopicPartition first = new TopicPartition(topic, 0);
            long low = admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(-1))).all().isDone() ? 0
                    : admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(first)
                            .get().lowWatermark();
            check(low >= 0, "records are deleted up to the high watermark");
            check(!admin.describeLogDirs(List.of(admin.describeCluster().nodes().get().iterator().next().id()))
                    .allDescriptions().get().isEmpty(), "log directories are described");
            admin.deleteTopics(List.of(topic)).all().get();
            for (int i = 0; i < 100 && admin.listTopics().names().get().contains(topic); i++) {
                Thread.sleep(50);
            }
            check(!admin.listTopics().names().get().contains(topic), "the topic is gone");
        }
    }

    public static void main(String[] args) {
        try {
            run(args);
        } catch (Throwable t) {
            t.printStackTrace();
            System.exit(1);
        }
    }

    static void run(String[] args) throws Exception {
        String server = args[0];
        String topic = args[1];
        int count = Integer.parseInt(args[3]);
        String codec = args.length > 4 ? args[4] : "none";
        switch (args[2]) {
            case "roundtrip": roundtrip(server, topic, count, codec); break;
            case "produce": produce(server, topic, count, codec); break;
            case "consume": consume(server, topic, count, true); break;
            case "admin": admin(server, topic); break;
            default: check(false, "mode " + args[2]);
        }
        System.out.println("OK");
    }
}
