// Queues that no mirror can be made of, and users of the broker who may not make one, on a real broker: each is refused
// before anything happens, with its reason and a way out. No message is needed for that, nor an application.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/broker_side.h"
#include "test/e2e/preflight_checks.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

constexpr const char* kVirtualHost = "queue-refusals";
constexpr const char* kPod = "plain";

struct Refused {
  const char* queue;
  Json made;      // as the management API is asked for it; null: by the odd consumers
  bool is_bound;  // to an exchange
  const char* said;
  const char* way_out = "use --strategy stop";
  const char* strategy = "live";
};

Json with(const char* argument, const Json& value) {
  return {{"durable", true}, {"arguments", {{argument, value}}}};
}

const Json kPlain{{"durable", true}};

const std::vector<Refused> kRows{
    {"unbound", kPlain, false, "is fed through the default exchange",
     "publish to an exchange that the queue is bound to"},
    {"unbound", kPlain, false, "is fed through the default exchange", "use --strategy stop", "sequential"},
    {"stream", with("x-queue-type", "stream"), true, "is a stream"},
    {"exclusive", nullptr, true, "is exclusive", "declare it durable and not exclusive"},
    {"passing",
     {{"durable", true}, {"auto_delete", true}},
     true,
     "is deleted automatically",
     "declare it without auto-delete"},
    {"ranked", with("x-max-priority", 5), true, "has priorities"},
    {"short-lived", with("x-message-ttl", 60'000), true, "has a time limit"},
    {"short", with("x-max-length", 100), true, "has a length limit"},
    {"short-of-bytes", with("x-max-length-bytes", 100'000), true, "has a length limit"},
    {"nobodys", kPlain, true, "has no consumer", "--queue"},
    {"shared", kPlain, true, "has 2 consumers", "give each Pod a queue of its own"},
    {"greedy", kPlain, true, "without a limit of its own", "prefetch of 1 or more"},
    {"careless", kPlain, true, "that does not acknowledge", "acknowledge by hand"},
    {"careless", kPlain, true, "that does not acknowledge", "acknowledge by hand", "stop"},
};

constexpr const char* kGood = "good";  // a queue that can be mirrored
constexpr const char* kUser = "queue-refusals-user";

// The rights that docs/install.md lists, but for one.
struct Lacks {
  const char* said;
  const char* configure = R"(^ms2m\.)";
  const char* write = R"(^(ms2m\.|amq\.default$))";
  const char* read = R"(^(ms2m\.|amq\.fanout$))";
  const char* tag = "administrator";
  Words flags = {"--strategy", "live"};
};

const std::vector<Lacks> kLacks{
    {.said = "needs the right to configure queue ms2m.replay.", .configure = "^$"},
    {.said = "needs the right to write queue ms2m.replay.", .write = R"(^amq\.default$)"},
    {.said = "needs the right to write exchange amq.default", .write = R"(^ms2m\.)"},
    {.said = "needs the right to read exchange amq.fanout", .read = R"(^ms2m\.)"},
    // Taken back on the way back, where source and target have one control queue.
    {.said = "needs the right to read queue ms2m.control.plain",
     .read = R"(^amq\.fanout$)",
     .flags = {"--strategy", "sequential", "--keep-name"}},
    {.said = "needs the right to read queue good", .flags = {"--strategy", "live", "--purge-primary"}},
    {.said = "the tag `administrator`", .tag = "management"},
    {.said = "the tag `administrator`", .tag = "monitoring", .flags = {"--strategy", "stop"}},
};

// Who consumes as a consumer that is to be migrated must not, and has an exclusive queue; and one that is as it should.
constexpr const char* kOddConsumers = R"(
import pika, sys
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
def consume(queue, prefetch, auto_ack=False):
    channel = connection.channel()
    channel.basic_qos(prefetch_count=prefetch)
    channel.basic_consume(queue, lambda *delivery: None, auto_ack=auto_ack)
connection.channel().queue_declare("exclusive", exclusive=True)
connection.channel().queue_bind("exclusive", "amq.fanout")
for queue, prefetch in (("shared", 1), ("shared", 1), ("greedy", 0), ("exclusive", 1), ("good", 1), ("ms2m.control.plain", 1)):
    consume(queue, prefetch)
consume("careless", 5, auto_ack=True)
while True:
    connection.process_data_events(time_limit=1)
)";

void ask(const Cluster& cluster, const std::string& method, const std::string& path, const Json& body = nullptr) {
  const std::string answer = management(cluster, method, path, body.is_null() ? "" : body.dump());
  if (answer.find("\"error\"") != std::string::npos)
    throw std::runtime_error(fmt::format("RabbitMQ answered to {} {}: {}", method, path, answer));
}

std::string path_of(const char* kind, const std::string& name) {
  return fmt::format("/{}/{}/{}", kind, kVirtualHost, name);
}

// A virtual host of their own, so that nothing is left.
class Queues {
 public:
  explicit Queues(const Stage& stage) : cluster_(stage.cluster()) {
    const std::string host = fmt::format("/vhosts/{}", kVirtualHost);
    management(cluster_, "DELETE", host);
    ask(cluster_, "PUT", host);
    ask(cluster_, "PUT", path_of("permissions", "guest"), {{"configure", ".*"}, {"write", ".*"}, {"read", ".*"}});
    for (const Refused& row : kRows) {
      if (row.made.is_null()) continue;
      ask(cluster_, "PUT", path_of("queues", row.queue), row.made);
      if (row.is_bound)
        ask(cluster_, "POST", fmt::format("/bindings/{}/e/amq.fanout/q/{}", kVirtualHost, row.queue), Json::object());
    }
    ask(cluster_, "PUT", path_of("queues", kGood), kPlain);
    ask(cluster_, "POST", fmt::format("/bindings/{}/e/amq.fanout/q/{}", kVirtualHost, kGood), Json::object());
    // An application that follows the protocol has declared it, and looks into it.
    ask(cluster_, "PUT", path_of("queues", std::string("ms2m.control.") + kPod), kPlain);
    use(stage, "guest");
    start_odd_consumers(stage);
  }
  ~Queues() {
    management(cluster_, "DELETE", fmt::format("/vhosts/{}", kVirtualHost));
    management(cluster_, "DELETE", fmt::format("/users/{}", kUser));
  }
  Queues(const Queues&) = delete;
  Queues& operator=(const Queues&) = delete;

  // By the namespace's Secret; the user's password is its name.
  static void use(const Stage& stage, const std::string& user) {
    stage.cluster().apply({{"apiVersion", "v1"},
                           {"kind", "Secret"},
                           {"metadata", {{"name", kBrokerSecret}, {"namespace", stage.ns().name()}}},
                           {"stringData",
                            {{"amqp-url", url(user)},
                             {"management-url", fmt::format("http://{}:{}@rabbitmq.rabbitmq:15672", user, user)}}}});
  }

 private:
  static std::string url(const std::string& user) {
    return fmt::format("amqp://{}:{}@rabbitmq.rabbitmq:5672/{}", user, user, kVirtualHost);
  }

  void start_odd_consumers(const Stage& stage) const {
    std::string image = cluster_.must({"python-image"});
    image.resize(image.find('\n'));
    Json pod = small_pod(stage.ns().name(), "odd-consumers", "node-b");
    pod["spec"]["containers"][0]["image"] = image;
    pod["spec"]["containers"][0]["command"] = {"/usr/bin/python3", "-c", kOddConsumers, url("guest")};
    cluster_.apply(pod);
    eventually("the odd consumers to consume", [&] {
      const Json all =
          Json::parse(management(cluster_, "GET", std::string("/consumers/") + kVirtualHost), nullptr, false);
      return all.is_array() && all.size() == 7;
    });
  }

  const Cluster& cluster_;
};

void refuse(const Stage& stage, const Refused& row, const std::string& name) {
  const Untouched before{stage, kPod};
  const auto refused = stage.plugin({kPod, "--to", "node-b", "--strategy", row.strategy, "--queue", row.queue,
                                     "--broker-secret", kBrokerSecret, "--name", name});
  BOOST_TEST(code_of(refused) == 3, row.queue << ": " << text_of(refused) << stage.report(name));
  for (const std::string& part : {fmt::format("queue {}", row.queue), std::string{row.said}, std::string{row.way_out}})
    BOOST_TEST(text_of(refused).find(part) != std::string::npos, row.queue << ": nothing of '" << part << "' in\n"
                                                                           << text_of(refused));
  BOOST_TEST(before.trouble().empty(), row.queue << ": " << before.trouble());
  stage.check_nothing_left(name);
}

void check(const Stage& stage, const Lacks& row) {
  ask(stage.cluster(), "PUT", fmt::format("/users/{}", kUser), {{"password", kUser}, {"tags", row.tag}});
  ask(stage.cluster(), "PUT", path_of("permissions", kUser),
      {{"configure", row.configure}, {"write", row.write}, {"read", row.read}});
  Words words{"check", kPod, "--to", "node-b", "--queue", kGood, "--broker-secret", kBrokerSecret};
  words.insert(words.end(), row.flags.begin(), row.flags.end());
  const std::string found = trouble(stage.plugin(words), 1, {{"FAIL BrokerRights", {row.said}, "brokerrights"}});
  BOOST_TEST(found.empty(), row.said << ": " << found);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(queue_refusals)

BOOST_AUTO_TEST_CASE(queues_and_users_that_make_no_mirror_are_refused_with_reason_and_way_out) {
  const Stage stage{"queue-refusals"};
  const Queues queues{stage};
  stage.cluster().apply(small_pod(stage.ns().name(), kPod, "node-a"));
  stage.cluster().wait_ready(stage.ns().name(), kPod);
  int count = 0;
  for (const Refused& row : kRows)
    refuse(stage, row, fmt::format("refused-{}", ++count));
  print_in_ascii();
  Queues::use(stage, kUser);
  for (const Lacks& row : kLacks)
    check(stage, row);
  const Json left =
      Json::parse(management(stage.cluster(), "GET", std::string("/queues/") + kVirtualHost + "?columns=name"));
  for (const Json& one : left)
    BOOST_TEST(!one.at("name").get<std::string>().starts_with("ms2m.replay."), one.dump());
}

BOOST_AUTO_TEST_SUITE_END()
