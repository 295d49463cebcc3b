#include "plugin/broker_way.h"

#include <sys/stat.h>

#include <csignal>

#include <boost/test/unit_test.hpp>

#include "test/fakes/cluster.h"
#include "test/temporary_folder.h"

namespace migrate::plugin {
namespace {

broker::BrokerAddress address(const std::string& amqp, const std::string& management = "") {
  return value_or_fatal(broker::parse_broker_address(amqp, management));
}

// A program in place of kubectl.
std::string program_saying(const test::TemporaryFolder& folder, const std::string& script) {
  const auto path = folder / "kubectl";
  test::write_text(path, "#!/bin/sh\n" + script);
  ::chmod(path.c_str(), S_IRWXU);
  return path.string();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broker_way)

BOOST_AUTO_TEST_CASE(hosts_that_may_be_services) {
  using Name = std::optional<ServiceName>;
  BOOST_CHECK(service_of("rabbitmq", "shop") == Name({"shop", "rabbitmq"}));
  BOOST_CHECK(service_of("rabbitmq.mq", "shop") == Name({"mq", "rabbitmq"}));
  BOOST_CHECK(service_of("rabbitmq.mq.svc", "shop") == Name({"mq", "rabbitmq"}));
  BOOST_CHECK(service_of("rabbitmq.mq.svc.cluster.local", "shop") == Name({"mq", "rabbitmq"}));
  for (const char* host : {"mq.example.com", "10.0.0.1", "fd00::1", ""})
    BOOST_TEST(!service_of(host, "shop").has_value(), host);
}

BOOST_AUTO_TEST_CASE(places) {
  BOOST_TEST(parse_place("[fd00::1]:15672")->host == "fd00::1");
  BOOST_TEST(parse_place("localhost:15672")->port == 15672);
  for (const char* text :
       {"localhost", "localhost:", "localhost:0", "localhost:70000", ":5672", "fd00::1:5672", "a/b:1"})
    BOOST_TEST(!parse_place(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(an_address_is_moved_unless_its_certificates_would_not_fit) {
  const Place amqp{"127.0.0.1", 1};
  const Place management{"127.0.0.1", 2};
  const auto moved = relocated(address("amqp://u:p@mq.shop/v", "http://mq.shop:15671/x/api"), amqp, management);
  BOOST_REQUIRE(moved);
  BOOST_TEST(moved->amqp.host == "127.0.0.1");
  BOOST_TEST(moved->amqp.port == 1);
  BOOST_TEST(moved->amqp.credentials.password == "p");
  BOOST_TEST(moved->management_url == "http://127.0.0.1:2/x");
  BOOST_TEST(moved->virtual_host == "v");
  BOOST_TEST(management_place(address("amqp://mq", "http://[fd00::1]/x"))->port == 80);

  const auto encrypted = address("amqps://u:p@mq.shop/v");
  const auto refused = relocated(encrypted, amqp, management);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(
      refused.error().message ==
      "mq.shop:5671 asks for TLS, and its certificate does not name 127.0.0.1. Forward its ports yourself, put "
      "\"127.0.0.1 mq.shop\" into /etc/hosts, and name them: --amqp-at mq.shop:PORT --management-at mq.shop:PORT");
  BOOST_TEST(relocated(encrypted, Place{"mq.shop", 1}, Place{"mq.shop", 2}).has_value());
}

BOOST_AUTO_TEST_CASE(services_are_forwarded_and_nothing_else) {
  fakes::Cluster cluster;
  cluster.put(kube::core("services", "mq", "rabbitmq"), kube::Json::object());
  std::vector<std::string> asked;
  const auto refuse = [&](const ServiceName& service, std::uint16_t port) -> Result<std::unique_ptr<PortForward>> {
    asked.push_back(service.namespace_ + "/" + service.name + ":" + std::to_string(port));
    return failure("no");
  };
  ForwardedWay way{cluster, refuse, {}, {}};
  const auto refused = way.reach(address("amqp://rabbitmq.mq/"), "shop");
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message ==
             "reach the broker at rabbitmq.mq:5672 through the API server: no\n"
             "With a way of your own to it, name its ports: --amqp-at HOST:PORT --management-at HOST:PORT");
  BOOST_TEST(asked.size() == 1U);
  BOOST_TEST(way.reach(address("amqp://mq.example/"), "shop").has_value());  // no Service: by its name
  ForwardedWay given{cluster, refuse, Place{"localhost", 1}, Place{"localhost", 2}};
  BOOST_TEST(given.reach(address("amqp://rabbitmq.mq/"), "shop").has_value());
  BOOST_TEST(asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(kubectl_is_asked_as_the_same_user) {
  kube::ConfigFlags flags;
  flags.kubeconfig = "/k";
  flags.as = "dev";
  flags.token = "secret";
  const std::vector<std::string> wanted{"kubectl", "--kubeconfig=/k", "--as=dev",         "-n",
                                        "mq",      "port-forward",    "service/rabbitmq", ":5672"};
  BOOST_TEST(port_forward_words("kubectl", flags, "mq", "rabbitmq", 5672) == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_forward_lasts_as_long_as_it_is_wanted) {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "pid").string();
  const std::string kubectl = program_saying(
      folder, "echo $$ > " + file + "\necho 'Forwarding from 127.0.0.1:40231 -> 15672'\nexec sleep 100\n");
  pid_t pid = 0;
  {
    const auto forward = PortForward::start({kubectl, "service/x", ":15672"}, std::chrono::seconds{20});
    BOOST_REQUIRE_MESSAGE(forward, (forward ? "" : forward.error().message));
    BOOST_TEST((*forward)->port() == 40231);
    pid = std::stoi(test::read_text(file));
    BOOST_TEST(::kill(pid, 0) == 0);
  }
  BOOST_TEST(::kill(pid, 0) != 0);
}

BOOST_AUTO_TEST_CASE(what_kubectl_says_is_the_error) {
  const test::TemporaryFolder folder;
  const std::string kubectl = program_saying(folder, "echo 'error: services \"x\" not found' >&2; exit 1\n");
  const auto forward = PortForward::start({kubectl, "service/x", ":15672"}, std::chrono::seconds{20});
  BOOST_REQUIRE(!forward);
  BOOST_TEST(forward.error().message == kubectl + " port-forward service/x :15672: error: services \"x\" not found");
  const auto none = PortForward::start({"/nowhere/kubectl", "service/x", ":15672"}, std::chrono::seconds{20});
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().message.find("there is no kubectl on the PATH") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
