#include "shared/kube/credential_source.h"

#include <array>
#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>
#include <thread>
#include <vector>

#include "test/fakes/host.h"

namespace {

namespace data = boost::unit_test::data;
namespace fakes = migrate::fakes;
using namespace std::chrono_literals;
using migrate::Completed;
using migrate::kube::AuthInfo;
using migrate::kube::ClientCertificate;
using migrate::kube::ConnectionConfig;
using migrate::kube::Credential;
using migrate::kube::CredentialSource;
using migrate::kube::ExecPlugin;

ExecPlugin plugin() {
  ExecPlugin plugin;
  plugin.command = "login";
  plugin.api_version = "client.authentication.k8s.io/v1";
  return plugin;
}

std::string answer(const std::string& token, const std::string& expires = "") {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":")" + token +
         (expires.empty() ? "" : R"(","expirationTimestamp":")" + expires) + "\"}}";
}

struct Bench {
  fakes::Clock clock;
  fakes::Files files;
  fakes::Processes processes;
  fakes::Terminal terminal;

  std::unique_ptr<CredentialSource> source(const AuthInfo& auth) {
    ConnectionConfig config;
    config.server = "https://h";
    config.auth = auth;
    return make_credential_source(config, {clock, files, processes, terminal});
  }
};

std::string shown(CredentialSource& source) {
  const auto credential = source.current();
  return credential ? credential->authorization : "error: " + credential.error().message;
}

const ClientCertificate kCertificate{"certificate", "key"};

AuthInfo with(const std::string& token, const std::string& username, bool certificate, bool exec) {
  AuthInfo auth;
  auth.token = token;
  auth.username = username;
  if (!username.empty()) auth.password = "word:s";
  if (certificate) auth.certificate = kCertificate;
  if (exec) auth.exec = plugin();
  return auth;
}

struct FixedCase {
  std::string name;
  AuthInfo auth;
  Credential shown;
  friend std::ostream& operator<<(std::ostream& out, const FixedCase& c) { return out << c.name; }
};

const std::vector<FixedCase> kFixed = {
    {"nothing", with("", "", false, false), {"", {}}},
    {"a token", with("t", "", false, false), {"Bearer t", {}}},
    {"a name and password", with("", "me", false, false), {"Basic bWU6d29yZDpz", {}}},
    {"a certificate", with("", "", true, false), {"", kCertificate}},
    {"a token beside a certificate", with("t", "", true, false), {"Bearer t", kCertificate}},
    {"a token, so no plugin", with("t", "", false, true), {"Bearer t", {}}},
    {"a password, so no plugin", with("", "me", false, true), {"Basic bWU6d29yZDpz", {}}},
    {"a certificate, so no plugin", with("", "", true, true), {"", kCertificate}},
};

AuthInfo with_file(const std::string& token = "") {
  AuthInfo auth;
  auth.token_file = "/token";
  auth.token = token;
  return auth;
}

// Returns when all have done it.
void in_eight_threads(const std::function<void()>& work) {
  std::array<std::jthread, 8> threads;
  for (std::jthread& thread : threads)
    thread = std::jthread{work};
}

AuthInfo with_exec() {
  return with("", "", false, true);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(credential_source)

BOOST_DATA_TEST_CASE(what_is_given_is_shown_and_has_no_successor, data::make(kFixed), c) {
  Bench bench;
  const auto source = bench.source(c.auth);
  BOOST_TEST((source->current().value() == c.shown));
  BOOST_TEST(!source->renew(c.shown));
  BOOST_TEST(bench.processes.commands.empty());
}

BOOST_AUTO_TEST_CASE(a_token_file_is_read_again_after_a_minute) {
  Bench bench;
  bench.files.contents["/token"] = "first\n";
  const auto source = bench.source(with_file());
  BOOST_TEST(bench.files.reads["/token"] == 0);
  BOOST_TEST(shown(*source) == "Bearer first");
  bench.files.contents["/token"] = " second ";
  bench.clock.tick(59s);
  BOOST_TEST(shown(*source) == "Bearer first");
  BOOST_TEST(bench.files.reads["/token"] == 1);
  bench.clock.tick(1s);
  BOOST_TEST(shown(*source) == "Bearer second");
  BOOST_TEST(shown(*source) == "Bearer second");
  BOOST_TEST(bench.files.reads["/token"] == 2);
}

BOOST_AUTO_TEST_CASE(a_token_file_wins_over_the_token_while_it_can_be_read) {
  Bench bench;
  const auto source = bench.source(with_file("spare"));
  BOOST_TEST(shown(*source) == "Bearer spare");
  bench.files.contents["/token"] = "filed";
  BOOST_TEST(shown(*source) == "Bearer filed");
  bench.clock.tick(1min);
  bench.files.unreadable = {"/token"};
  BOOST_TEST(shown(*source) == "Bearer filed");  // what was known last
}

BOOST_AUTO_TEST_CASE(a_token_file_without_a_token_is_an_error_that_names_it) {
  Bench bench;
  const auto source = bench.source(with_file());
  BOOST_TEST(shown(*source) == "error: get the token: read /token: there is no such file");
  bench.files.contents["/token"] = "\n";
  BOOST_TEST(shown(*source) == "error: get the token: /token is empty");
  bench.files.unreadable = {"/token"};
  BOOST_TEST(shown(*source) == "error: get the token: read /token: Permission denied");
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_looked_up_at_once) {
  Bench bench;
  bench.files.contents["/token"] = "first";
  const auto source = bench.source(with_file());
  const Credential first = source->current().value();
  BOOST_TEST(!source->renew(first));  // the file says the same still
  bench.files.contents["/token"] = "second";
  BOOST_TEST(source->renew(first));
  BOOST_TEST(shown(*source) == "Bearer second");
  BOOST_TEST(source->renew(first));  // another thread's news
  BOOST_TEST(bench.files.reads["/token"] == 3);
  bench.files.unreadable = {"/token"};
  BOOST_TEST(!source->renew(source->current().value()));
}

BOOST_AUTO_TEST_CASE(a_refused_spare_token_gives_way_to_the_files) {
  Bench bench;
  const auto source = bench.source(with_file("spare"));
  const Credential spare = source->current().value();
  BOOST_TEST(!source->renew(spare));
  bench.files.contents["/token"] = "filed";
  BOOST_TEST(source->renew(spare));
}

BOOST_AUTO_TEST_CASE(a_certificate_goes_with_the_token_of_a_file) {
  Bench bench;
  bench.files.contents["/token"] = "t";
  AuthInfo auth = with_file();
  auth.certificate = kCertificate;
  auth.exec = plugin();
  BOOST_TEST((bench.source(auth)->current().value() == Credential{"Bearer t", kCertificate}));
  BOOST_TEST(bench.processes.commands.empty());
}

BOOST_AUTO_TEST_CASE(a_plugin_is_run_when_needed_and_not_before_its_answer_expires) {
  Bench bench;
  bench.processes.print(answer("first", "2026-01-01T01:00:00Z"));
  const auto source = bench.source(with_exec());
  BOOST_TEST(bench.processes.commands.empty());
  BOOST_TEST(shown(*source) == "Bearer first");
  bench.clock.tick(1h - 1us);
  BOOST_TEST(shown(*source) == "Bearer first");
  BOOST_TEST(bench.processes.commands.size() == 1U);
  bench.clock.tick(1us);
  bench.processes.print(answer("second"));
  BOOST_TEST(shown(*source) == "Bearer second");
  bench.clock.tick(10000h);  // no expiry: for good
  BOOST_TEST(shown(*source) == "Bearer second");
  BOOST_TEST(bench.processes.commands.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_refused_answer_is_asked_for_once_more) {
  Bench bench;
  bench.processes.print(answer("first"));
  const auto source = bench.source(with_exec());
  const Credential first = source->current().value();
  BOOST_TEST(!source->renew(first));  // run again, said the same
  BOOST_TEST(bench.processes.commands.size() == 2U);
  bench.processes.print(answer("second"));
  BOOST_TEST(source->renew(first));
  BOOST_TEST(shown(*source) == "Bearer second");
  BOOST_TEST(source->renew(first));  // another thread's news, without a run
  BOOST_TEST(bench.processes.commands.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_fails_is_told_and_asked_again_next_time) {
  Bench bench;
  bench.processes.answer = [](const migrate::Command&) {
    return fakes::Processes::Answer{Completed{migrate::Exited{1}, "", ""}};
  };
  const auto source = bench.source(with_exec());
  BOOST_TEST(shown(*source) == "error: get a credential from plugin login: exit code 1");
  bench.processes.print(answer("first"));
  BOOST_TEST(shown(*source) == "Bearer first");
}

BOOST_AUTO_TEST_CASE(a_failed_renewal_leaves_what_was_known) {
  Bench bench;
  bench.processes.print(answer("first"));
  const auto source = bench.source(with_exec());
  const Credential first = source->current().value();
  bench.processes.print("nonsense");
  BOOST_TEST(!source->renew(first));
  BOOST_TEST(shown(*source) == "Bearer first");
}

BOOST_AUTO_TEST_CASE(many_threads_share_one_run) {
  Bench bench;
  bench.processes.print(answer("shared"));
  const auto source = bench.source(with_exec());
  std::atomic<int> right = 0;
  in_eight_threads([&] {
    if (shown(*source) == "Bearer shared") ++right;
  });
  BOOST_TEST(right == 8);
  BOOST_TEST(bench.processes.commands.size() == 1U);
}

BOOST_AUTO_TEST_CASE(many_threads_share_one_renewal) {
  Bench bench;
  bench.processes.print(answer("old"));
  const auto source = bench.source(with_exec());
  const Credential old = source->current().value();
  bench.processes.print(answer("new"));
  std::atomic<int> renewed = 0;
  in_eight_threads([&] {
    if (source->renew(old)) ++renewed;
  });
  BOOST_TEST(renewed == 8);
  BOOST_TEST(bench.processes.commands.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
