// A live migration for each way in which a queue may be fed, kept and guarded: exchanges, queue types, virtual hosts,
// the broker's users, too much load, and applications that are not idempotent.
#include <fmt/format.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "test/e2e/broker_side.h"
#include "test/e2e/queues_left.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

namespace data = boost::unit_test::data;

constexpr const char* kHost = "rabbitmq.rabbitmq";
constexpr const char* kVirtualHost = "queue-kinds";

// `body` empty: none.
void api(const Cluster& cluster, const std::string& method, const std::string& path, const std::string& body = "") {
  const std::string address = cluster.field({"service", "rabbitmq", "-n", "rabbitmq"}, ".spec.clusterIP");
  Words words{"curl", "-sS", "-u", "guest:guest", "-X", method, "-H", "content-type: application/json"};
  if (!body.empty()) words.insert(words.end(), {"-d", body});
  words.push_back(fmt::format("http://{}:15672/api{}", address, path));
  cluster.on("node-a", words);
}

// The controller's way to the broker.
void set_secret(const Stage& stage, const std::string& user, const std::string& virtual_host) {
  stage.cluster().apply({{"apiVersion", "v1"},
                         {"kind", "Secret"},
                         {"metadata", {{"name", kBrokerSecret}, {"namespace", stage.ns().name()}}},
                         {"stringData",
                          {{"amqp-url", fmt::format("amqp://{}@{}:5672/{}", user, kHost, virtual_host)},
                           {"management-url", fmt::format("http://{}@{}:15672", user, kHost)}}}});
}

const Json kEverything{{"configure", ".*"}, {"write", ".*"}, {"read", ".*"}};

void make_user(const Cluster& cluster, const std::string& name, const std::string& tag, const Json& permissions) {
  api(cluster, "PUT", "/users/" + name, Json{{"password", name}, {"tags", tag}}.dump());
  api(cluster, "PUT", "/permissions/%2F/" + name, permissions.dump());
}

struct Run {
  const Stage& stage;
  ConsumerSpec& consumer;  // its route is the producer's too
  double& per_second;
  Words& flags;
  std::string& virtual_host;
};

struct Row {
  const char* name;                             // of the namespace, the queue and the exchange
  std::function<void(Run&)> prepare;            // before anything runs
  std::function<void(const Stage&)> meanwhile;  // when consumer and producer run
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

void nothing(const Stage&) {}

void through(Run& run, const char* exchange_type, const char* key) {
  run.consumer.route.exchange_type = exchange_type;
  run.consumer.route.routing_key = key;
}

void bind_more(const Stage& stage) {
  const std::string& name = stage.ns().name();
  for (const char* key : {"orders.#", "#.other"})
    api(stage.cluster(), "POST", fmt::format("/bindings/%2F/e/{}/q/{}", name, name), Json{{"routing_key", key}}.dump());
}

void use_virtual_host(Run& run) {
  const Cluster& cluster = run.stage.cluster();
  const std::string path = fmt::format("/vhosts/{}", kVirtualHost);
  api(cluster, "DELETE", path);
  api(cluster, "PUT", path);
  api(cluster, "PUT", fmt::format("/permissions/{}/guest", kVirtualHost), kEverything.dump());
  run.virtual_host = kVirtualHost;
  run.consumer.route.amqp_url = fmt::format("amqp://guest:guest@{}:5672/{}", kHost, kVirtualHost);
  set_secret(run.stage, "guest:guest", kVirtualHost);
}

// The controller's way only: the application keeps its own.
void use_tls(Run& run) {
  const std::string authority =
      run.stage.cluster().field({"configmap", "kube-root-ca.crt", "-n", run.stage.ns().name()}, R"(.data.ca\.crt)");
  run.stage.cluster().apply({{"apiVersion", "v1"},
                             {"kind", "Secret"},
                             {"metadata", {{"name", kBrokerSecret}, {"namespace", run.stage.ns().name()}}},
                             {"stringData",
                              {{"amqp-url", fmt::format("amqps://guest:guest@{}:5671/", kHost)},
                               {"management-url", fmt::format("https://guest:guest@{}:15671", kHost)},
                               {"ca.crt", authority}}}});
}

// What docs/install.md lists, and no more.
void use_least_rights(Run& run) {
  make_user(
      run.stage.cluster(), "kind-rights", "administrator",
      {{"configure", R"(^ms2m\.)"}, {"write", R"(^(ms2m\.|amq\.default$))"}, {"read", R"(^(ms2m\.|kind-rights$))"}});
  set_secret(run.stage, "kind-rights:kind-rights", "");
}

// Nothing is missing for any way to replay, that of one control queue for source and target included.
void check_rights(const Stage& stage) {
  for (const Words& way : {Words{"--strategy", "live"}, Words{"--strategy", "sequential", "--keep-name"}}) {
    Words words{"check", ConsumerSpec{}.pod, "--to", "node-b"};
    words.insert(words.end(), way.begin(), way.end());
    const auto done = stage.plugin(words);
    BOOST_TEST(code_of(done) == 0, text_of(done));
  }
}

// The application's own user, who may not see the broker's policies.
void use_own_user(Run& run) {
  make_user(run.stage.cluster(), "kind-own-user", "management", kEverything);
  run.consumer.route.amqp_url = fmt::format("amqp://kind-own-user:kind-own-user@{}:5672/", kHost);
  set_secret(run.stage, "kind-own-user:kind-own-user", "");
}

constexpr const char* kControl = "kind-control.control.";

void name_control_queue(Run& run) {
  run.consumer.control_queue = std::string(kControl) + "{hostname}";
  run.consumer.annotated_control_queue = std::string(kControl) + "{pod}";
  // The broker outlives a test.
  for (const std::string& one : queues(run.stage.cluster(), kControl))
    delete_queue(run.stage.cluster(), one);
}

const std::vector<Row> kRows{
    {"kind-direct", [](Run& run) { through(run, "direct", "new"); }, nothing},
    {"kind-topic", [](Run& run) { through(run, "topic", "orders.new"); }, nothing},
    {"kind-headers", [](Run& run) { through(run, "headers", ""); }, nothing},
    {"kind-bindings", [](Run& run) { through(run, "topic", "orders.new"); }, bind_more},
    {"kind-quorum", [](Run& run) { run.consumer.queue_type = "quorum"; }, nothing},
    {"kind-vhost", use_virtual_host, nothing},
    {"kind-tls", use_tls, nothing},
    {"kind-rights", use_least_rights, check_rights},
    {"kind-own-user", use_own_user, nothing},
    {"kind-control", name_control_queue, nothing},
    {"kind-overload",
     [](Run& run) {
       run.per_second = 25;
       run.flags = {"--max-replay", "5s"};
     },
     nothing},
    {"kind-naive", [](Run& run) { run.consumer.idempotent = false; }, nothing},
    {"kind-purged",
     [](Run& run) {
       run.consumer.idempotent = false;
       run.flags = {"--purge-primary"};
     },
     nothing},
};

// How often orders were applied that had been applied already: what an application without idempotency makes of them.
std::int64_t repeats(const Scene& scene) {
  const Orders& orders = scene.orders();
  orders.stop_producer();
  Json sent;
  eventually("the producer to finish", [&] {
    sent = orders.producer_status();
    return sent.at("finished") == true;
  });
  std::int64_t count = -1;
  int unchanged = 0;
  eventually("the consumer to come to rest", [&] {
    const auto now = orders.state(scene.consumer()).at("count").get<std::int64_t>();
    unchanged = now == count ? unchanged + 1 : 0;
    count = now;
    return unchanged == 10;
  });
  return count - sent.at("settled").at("confirmed").get<std::int64_t>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(queue_kinds)

BOOST_DATA_TEST_CASE(moves_live, data::make(kRows), row) {
  Scene scene{row.name};
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  double per_second = 10;
  Words flags;
  std::string virtual_host = "/";
  Run run{scene.stage(), consumer, per_second, flags, virtual_host};
  row.prepare(run);
  scene.start(consumer, {.per_second = per_second / 2, .producers = 2, .count = 0, .route = consumer.route});
  row.meanwhile(scene.stage());

  Words words{"--to", "node-b", "--strategy", "live"};
  words.insert(words.end(), flags.begin(), flags.end());
  const auto move = scene.move(words);
  const Json& status = move.migration.at("status");
  const Json& messages = status.at("messages");
  BOOST_TEST_MESSAGE(row.name << ": gap " << status.at("gapMs") << " ms, " << messages.dump() << "\n" << move.told);
  BOOST_TEST(scene.node() == "node-b");
  BOOST_TEST(messages.value("lost", -1) == 0);
  const auto name = move.migration.at("metadata").at("name").get<std::string>();
  scene.stage().check_nothing_left(name);
  check_no_queues_left(scene.stage(), name, virtual_host);
  scene.wait_for_more(20);
  if (!consumer.control_queue.empty()) {
    // Its own, and not the one of the Pod that it was copied from.
    const Words left = queues(scene.cluster(), kControl);
    BOOST_TEST(left == Words{kControl + scene.consumer()}, boost::test_tools::per_element());
    BOOST_TEST(messages.value("controlQueue", "") == kControl + scene.consumer());
  }
  if (consumer.idempotent) {
    const Verdict verdict = scene.judge();
    BOOST_TEST_MESSAGE(verdict.report);
    BOOST_TEST(verdict.clean, verdict.report);
    return;
  }
  const std::int64_t found = repeats(scene);
  BOOST_TEST_MESSAGE(found << " repeats, no more than " << messages.at("duplicatesBound") << " were told");
  BOOST_TEST(found >= 0);  // else as many are missing
  BOOST_TEST(found <= messages.at("duplicatesBound").get<std::int64_t>());
}

BOOST_AUTO_TEST_SUITE_END()
