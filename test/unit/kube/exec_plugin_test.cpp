#include "shared/kube/exec_plugin.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "shared/base/time.h"
#include "test/fakes/folder.h"
#include "test/fakes/host.h"

namespace {

namespace data = boost::unit_test::data;
namespace fakes = migrate::fakes;
using Json = nlohmann::json;
using migrate::Command;
using migrate::kube::ConnectionConfig;
using migrate::kube::exec_info;
using migrate::kube::ExecPlugin;
using migrate::kube::parse_exec_answer;
using migrate::kube::run_exec_plugin;
using Interactive = ExecPlugin::Interactive;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";
constexpr const char* kV1beta1 = "client.authentication.k8s.io/v1beta1";
constexpr const char* kTokenAnswer =
    R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}})";

ConnectionConfig with_plugin(const std::string& command) {
  ConnectionConfig config;
  config.server = "https://h:6443";
  ExecPlugin plugin;
  plugin.command = command;
  plugin.api_version = kV1;
  config.auth.exec = plugin;
  return config;
}

std::string answer(const std::string& status, const std::string& version = kV1) {
  return R"({"apiVersion":")" + version + R"(","kind":"ExecCredential","status":)" + status + "}";
}

struct Broken {
  std::string name;
  std::string output;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::vector<Broken> kBroken = {
    {"words", "please log in", "its answer is not JSON"},
    {"nothing", "", "its answer is not JSON"},
    {"another kind", R"({"kind":"Status"})", "its answer is not an ExecCredential"},
    {"a list", "[]", "its answer: a list where a mapping belongs"},
    {"another version", answer(R"({"token":"t"})", kV1beta1),
     "it was asked for apiVersion client.authentication.k8s.io/v1 but answered with "
     "\"client.authentication.k8s.io/v1beta1\""},
    {"no version", R"({"kind":"ExecCredential","status":{"token":"t"}})",
     "it was asked for apiVersion client.authentication.k8s.io/v1 but answered with \"\""},
    {"no status", R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"})",
     "its answer has no status"},
    {"an empty status", answer("{}"), "its answer has neither a token nor a certificate with its key"},
    {"a certificate without its key", answer(R"({"clientCertificateData":"-----BEGIN C"})"),
     "its answer has only one of certificate and key"},
    {"a key without its certificate", answer(R"({"token":"t","clientKeyData":"-----BEGIN K"})"),
     "its answer has only one of certificate and key"},
    {"a certificate that is none", answer(R"({"clientCertificateData":"x","clientKeyData":"-----BEGIN K"})"),
     "the certificate or key of its answer is not in PEM form"},
    {"a token that is a number", answer(R"({"token":17})"),
     "its answer: status.token: a number where a text belongs: put it in quotes"},
    {"an expiry that is no time", answer(R"({"token":"t","expirationTimestamp":"soon"})"),
     "its answer: status.expirationTimestamp: \"soon\" is not an RFC 3339 time such as 2006-01-02T15:04:05Z"},
};

struct StdinCase {
  std::string name;
  Interactive mode;
  bool terminal;
  bool interactive;
  friend std::ostream& operator<<(std::ostream& out, const StdinCase& c) { return out << c.name; }
};

const std::vector<StdinCase> kStdin = {
    {"never, at a terminal", Interactive::never, true, false},
    {"if available, at a terminal", Interactive::if_available, true, true},
    {"if available, without one", Interactive::if_available, false, false},
    {"always, at a terminal", Interactive::always, true, true},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(exec_plugin)

BOOST_AUTO_TEST_CASE(it_is_told_no_more_than_it_asked_for) {
  ConnectionConfig config = with_plugin("login");
  config.tls.ca_pem = "CA";
  config.auth.exec->cluster_config = R"({"audience":"x"})";
  BOOST_TEST(Json::parse(exec_info(config, true)) == Json::parse(R"({
    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "spec": {"interactive": true}})"));
}

BOOST_AUTO_TEST_CASE(it_is_told_of_the_cluster_when_it_asked) {
  ConnectionConfig config = with_plugin("login");
  config.auth.exec->provide_cluster_info = true;
  config.auth.exec->api_version = kV1beta1;
  BOOST_TEST(Json::parse(exec_info(config, false)) == Json::parse(R"({
    "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
    "spec": {"interactive": false, "cluster": {"server": "https://h:6443"}}})"));

  config.tls = {.ca_pem = "CA", .insecure_skip_verify = false, .server_name = "kubernetes"};
  config.proxy_url = "http://p:1";
  config.auth.exec->cluster_config = R"({"audience":"x"})";
  BOOST_TEST(Json::parse(exec_info(config, false))["spec"]["cluster"] == Json::parse(R"({
    "server": "https://h:6443", "tls-server-name": "kubernetes", "certificate-authority-data": "Q0E=",
    "proxy-url": "http://p:1", "config": {"audience": "x"}})"));

  config.tls = {.ca_pem = {}, .insecure_skip_verify = true, .server_name = ""};
  BOOST_TEST(Json::parse(exec_info(config, false))["spec"]["cluster"]["insecure-skip-tls-verify"] == true);
}

BOOST_AUTO_TEST_CASE(a_token_is_taken_from_its_answer) {
  const auto read =
      parse_exec_answer(answer(R"({"token":"t","expirationTimestamp":"2026-01-01T00:00:00+01:00"})"), kV1);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->credential.authorization == "Bearer t");
  BOOST_TEST(!read->credential.certificate.has_value());
  BOOST_TEST(migrate::to_rfc3339(read->expires.value()) == "2025-12-31T23:00:00.000000Z");
}

BOOST_AUTO_TEST_CASE(a_certificate_is_taken_from_its_answer) {
  const auto read =
      parse_exec_answer(answer(R"({"clientCertificateData":"-----BEGIN C","clientKeyData":"-----BEGIN K"})"), kV1);
  BOOST_TEST_REQUIRE(read.has_value());
  BOOST_TEST(read->credential.authorization.empty());
  BOOST_TEST((read->credential.certificate == migrate::kube::ClientCertificate{"-----BEGIN C", "-----BEGIN K"}));
  BOOST_TEST(!read->expires.has_value());
}

BOOST_DATA_TEST_CASE(an_answer_that_is_none_is_refused, data::make(kBroken), c) {
  const auto read = parse_exec_answer(c.output, kV1);
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST(read.error().message == c.error);
}

BOOST_DATA_TEST_CASE(our_stdin_is_its_only_when_a_person_can_answer, data::make(kStdin), c) {
  ConnectionConfig config = with_plugin("login");
  config.auth.exec->interactive = c.mode;
  config.auth.exec->args = {"--now"};
  config.auth.exec->env = {{"A", "1"}};
  fakes::Processes processes;
  processes.print(kTokenAnswer);
  fakes::Terminal terminal;
  terminal.present = c.terminal;
  BOOST_TEST(run_exec_plugin(config, processes, terminal).has_value());

  const Command& command = processes.commands.at(0);
  BOOST_TEST(std::holds_alternative<Command::Inherited>(command.input) == c.interactive);
  BOOST_TEST((command.argv == std::vector<std::string>{"login", "--now"}));
  BOOST_TEST((command.errors == Command::Stream::inherited));
  BOOST_TEST((command.variables.at(0) == std::pair<std::string, std::string>{"A", "1"}));
  BOOST_TEST(command.variables.at(1).first == "KUBERNETES_EXEC_INFO");
  BOOST_TEST(Json::parse(command.variables.at(1).second)["spec"]["interactive"] == c.interactive);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_must_ask_is_not_run_without_a_terminal) {
  ConnectionConfig config = with_plugin("login");
  config.auth.exec->interactive = Interactive::always;
  fakes::Processes processes;
  const auto read = run_exec_plugin(config, processes, fakes::Terminal{});
  BOOST_TEST_REQUIRE(!read);
  BOOST_TEST(read.error().message ==
             "get a credential from plugin login: it always asks a person, but standard input is not a terminal");
  BOOST_TEST(processes.commands.empty());
}

BOOST_AUTO_TEST_CASE(a_plugin_that_is_not_installed_says_how_to_get_it) {
  ConnectionConfig config = with_plugin("migrate-no-such-plugin");
  migrate::SystemProcesses processes;
  BOOST_TEST(run_exec_plugin(config, processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin migrate-no-such-plugin: it is not installed (run migrate-no-such-plugin: no "
             "such program on PATH): install it, or choose another user");
  config.auth.exec->install_hint = "\x1b[31mapt install\x1b[0m it\r\n";
  BOOST_TEST(run_exec_plugin(config, processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin migrate-no-such-plugin: it is not installed (run migrate-no-such-plugin: no "
             "such program on PATH)\n\napt install it\n");
}

BOOST_AUTO_TEST_CASE(a_real_plugin_gets_what_it_needs_and_is_heard) {
  const fakes::Folder folder;
  const std::string script =
      folder.write_script("login",
                          "cat > \"$FOLDER/stdin\"\n"
                          "printf %s \"$KUBERNETES_EXEC_INFO\" > \"$FOLDER/info\"\n"
                          "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",'\n"
                          "printf '\"status\":{\"token\":\"%s\"}}' \"$1\"\n");
  ConnectionConfig config = with_plugin(script);
  config.auth.exec->args = {"real token"};
  config.auth.exec->env = {{"FOLDER", folder / ""}};
  config.auth.exec->provide_cluster_info = true;
  migrate::SystemProcesses processes;
  const auto read = run_exec_plugin(config, processes, fakes::Terminal{});
  BOOST_TEST_REQUIRE(read.has_value(), (read ? "" : read.error().message));
  BOOST_TEST(read->credential.authorization == "Bearer real token");
  BOOST_TEST(migrate::DiskFiles{}.read(folder / "stdin").value().value().empty());
  BOOST_TEST(migrate::DiskFiles{}.read(folder / "info").value().value() == exec_info(config, false));
}

BOOST_AUTO_TEST_CASE(how_a_real_plugin_failed_is_told) {
  const fakes::Folder folder;
  migrate::SystemProcesses processes;
  const std::string failing = folder.write_script("failing", "echo secret; exit 7\n");
  BOOST_TEST(run_exec_plugin(with_plugin(failing), processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin " + failing + ": exit code 7");
  const std::string killed = folder.write_script("killed", "kill -TERM $$\n");
  BOOST_TEST(run_exec_plugin(with_plugin(killed), processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin " + killed + ": killed by signal 15 (Terminated)");
  const std::string talking = folder.write_script("talking", "echo secret\n");
  BOOST_TEST(run_exec_plugin(with_plugin(talking), processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin " + talking + ": its answer is not JSON");
  const std::string forbidden = folder.write("forbidden", "text");
  BOOST_TEST(run_exec_plugin(with_plugin(forbidden), processes, fakes::Terminal{}).error().message ==
             "get a credential from plugin " + forbidden + ": run " + forbidden + ": Permission denied");
}

BOOST_AUTO_TEST_SUITE_END()
