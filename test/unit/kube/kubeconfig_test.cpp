#include "shared/kube/kubeconfig.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "test/fakes/host.h"

namespace {

namespace data = boost::unit_test::data;
using migrate::fakes::Environment;
using migrate::fakes::Files;
using migrate::kube::Kubeconfig;
using migrate::kube::kubeconfig_files;
using migrate::kube::KubeconfigFiles;
using migrate::kube::load_kubeconfig;
using migrate::kube::parse_kubeconfig;

using Paths = std::vector<std::string>;

struct WhichCase {
  std::string name;
  std::string flag;
  Environment environment;
  KubeconfigFiles files;
  friend std::ostream& operator<<(std::ostream& out, const WhichCase& c) { return out << c.name; }
};

constexpr auto kError = KubeconfigFiles::Missing::is_error;
constexpr auto kSkipped = KubeconfigFiles::Missing::is_skipped;

const std::vector<WhichCase> kWhich = {
    {"the flag alone counts", "/f", {{"KUBECONFIG", "/a:/b"}, {"HOME", "/home/me"}}, {{"/f"}, kError}},
    {"a flag is one file, colons or not", "/f:/g", {}, {{"/f:/g"}, kError}},
    {"the variable is a list", "", {{"KUBECONFIG", "/a:/b"}, {"HOME", "/home/me"}}, {{"/a", "/b"}, kSkipped}},
    {"without duplicates and empty names", "", {{"KUBECONFIG", ":/b:/a::/b:"}}, {{"/b", "/a"}, kSkipped}},
    {"an empty variable is none",
     "",
     {{"KUBECONFIG", ""}, {"HOME", "/home/me"}},
     {{"/home/me/.kube/config"}, kSkipped}},
    {"the home folder's is the default", "", {{"HOME", "/home/me"}}, {{"/home/me/.kube/config"}, kSkipped}},
    {"nothing without a home", "", {}, {{}, kSkipped}},
};

constexpr const char* kEverything = R"(
apiVersion: v1
kind: Config
current-context: dev
preferences: {colors: true}
clusters:
- name: near
  cluster:
    server: https://near:6443
    tls-server-name: kubernetes
    insecure-skip-tls-verify: true
    certificate-authority: ca.crt
    certificate-authority-data: Q0E=
    proxy-url: http://proxy:3128
    extensions:
    - name: other
      extension: {x: 1}
    - name: client.authentication.k8s.io/exec
      extension: {audience: "06", numbers: [1, 2.5]}
users:
- name: me
  user:
    client-certificate: certs/me.crt
    client-certificate-data: Q0VSVA==
    client-key: ../me.key
    client-key-data: S0VZ
    token: "123"
    tokenFile: /run/token
    username: name
    password: word
    as: boss
    as-uid: "7"
    as-groups: [g1, g2]
    as-user-extra: {scopes: [a, b]}
    auth-provider: {name: oidc, config: {x: y}}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./bin/login
      args: [get, token]
      env: [{name: A, value: "1"}]
      installHint: get it
      provideClusterInfo: true
      interactiveMode: Never
contexts:
- name: dev
  context: {cluster: near, user: me, namespace: shop}
)";

Kubeconfig parsed(const std::string& text, const std::string& path = "/etc/kube/config") {
  auto config = parse_kubeconfig(text, path);
  BOOST_TEST_REQUIRE(config.has_value(), (config ? "" : config.error().message));
  return std::move(*config);
}

struct Broken {
  std::string name;
  std::string text;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::vector<Broken> kBroken = {
    {"another kind", "{apiVersion: v1, kind: Pod}", "not a kubeconfig but kind \"Pod\" of apiVersion \"v1\""},
    {"another version", "{apiVersion: v9, kind: Config}", "not a kubeconfig but kind \"Config\" of apiVersion \"v9\""},
    {"no mapping", "just words", "a text where a mapping belongs"},
    {"a list that is none", "clusters: {}", "clusters: a mapping where a list belongs"},
    {"a token that is a number", "users: [{name: a, user: {token: 123}}]",
     "users[0].user.token: a number where a text belongs: put it in quotes"},
    {"a flag that is a text", "clusters: [{name: a, cluster: {insecure-skip-tls-verify: \"true\"}}]",
     "clusters[0].cluster.insecure-skip-tls-verify: a text where true or false belongs"},
    {"data that is not base64", "users: [{name: a, user: {}}, {name: b, user: {client-key-data: \"%\"}}]",
     "users[1].user.client-key-data: not base64: a character that does not belong there"},
    {"a name twice", "contexts: [{name: a}, {name: a}]", "contexts[1]: the name \"a\" stands twice"},
    {"a key twice", "current-context: a\ncurrent-context: b", "line 2: the key \"current-context\" stands twice"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kubeconfig)

BOOST_DATA_TEST_CASE(which_files_are_read, data::make(kWhich), c) {
  BOOST_TEST((kubeconfig_files(c.flag, c.environment) == c.files));
}

BOOST_AUTO_TEST_CASE(everything_it_says_is_read) {
  const Kubeconfig config = parsed(kEverything);
  BOOST_TEST(config.current_context == "dev");
  const auto& cluster = config.clusters.at("near");
  BOOST_TEST(cluster.server == "https://near:6443");
  BOOST_TEST(cluster.tls_server_name == "kubernetes");
  BOOST_TEST(cluster.insecure_skip_tls_verify);
  BOOST_TEST(cluster.certificate_authority == "/etc/kube/ca.crt");
  BOOST_TEST(cluster.certificate_authority_data == "CA");
  BOOST_TEST(cluster.proxy_url == "http://proxy:3128");
  BOOST_TEST(cluster.exec_config == R"({"audience":"06","numbers":[1,2.5]})");
  const auto& user = config.users.at("me");
  BOOST_TEST(user.client_certificate == "/etc/kube/certs/me.crt");
  BOOST_TEST(user.client_certificate_data == "CERT");
  BOOST_TEST(user.client_key == "/etc/kube/../me.key");
  BOOST_TEST(user.client_key_data == "KEY");
  BOOST_TEST(user.token == "123");
  BOOST_TEST(user.token_file == "/run/token");
  BOOST_TEST(user.username == "name");
  BOOST_TEST(user.password == "word");
  BOOST_TEST(user.impersonate == "boss");
  BOOST_TEST(user.impersonate_uid == "7");
  BOOST_TEST((user.impersonate_groups == std::vector<std::string>{"g1", "g2"}));
  BOOST_TEST((user.impersonate_extra.at("scopes") == std::vector<std::string>{"a", "b"}));
  BOOST_TEST(user.auth_provider == "oidc");
  BOOST_TEST_REQUIRE(user.exec.has_value());
  BOOST_TEST(user.exec->command == "/etc/kube/./bin/login");
  BOOST_TEST((user.exec->args == std::vector<std::string>{"get", "token"}));
  BOOST_TEST((user.exec->env == std::vector<std::pair<std::string, std::string>>{{"A", "1"}}));
  BOOST_TEST(user.exec->api_version == "client.authentication.k8s.io/v1");
  BOOST_TEST(user.exec->install_hint == "get it");
  BOOST_TEST(user.exec->provide_cluster_info);
  BOOST_TEST(user.exec->interactive_mode == "Never");
  BOOST_TEST((config.contexts.at("dev") == migrate::kube::KubeconfigContext{"near", "me", "shop"}));
}

BOOST_AUTO_TEST_CASE(json_says_the_same) {
  const Kubeconfig config =
      parsed(R"({"clusters": [{"name": "c", "cluster": {"server": "https://h"}}], "users": null})");
  BOOST_TEST(config.clusters.at("c").server == "https://h");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_an_empty_kubeconfig) {
  for (const char* text : {"", "\n", "# later\n", "{}", "{clusters: null, users: [], kind: Config}"})
    BOOST_TEST((parsed(text) == Kubeconfig{}));
}

BOOST_AUTO_TEST_CASE(a_bare_command_is_left_for_path) {
  const char* text = "users: [{name: a, user: {exec: {command: login}}}]";
  BOOST_TEST(parsed(text).users.at("a").exec->command == "login");
}

BOOST_AUTO_TEST_CASE(paths_of_a_file_in_our_own_folder_stay_relative) {
  const char* text = "users: [{name: a, user: {tokenFile: t, exec: {command: ./login}}}]";
  BOOST_TEST(parsed(text, "config").users.at("a").token_file == "t");
  BOOST_TEST(parsed(text, "config").users.at("a").exec->command == "./login");
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_told_with_its_place, data::make(kBroken), c) {
  const auto config = parse_kubeconfig(c.text, "/k");
  BOOST_TEST_REQUIRE(!config);
  BOOST_TEST(config.error().message == c.error);
}

BOOST_AUTO_TEST_CASE(of_several_files_the_first_to_name_something_has_the_word) {
  Files files{{"/a/1",
               "clusters: [{name: c, cluster: {server: https://first, certificate-authority: ca}}]\n"
               "users: [{name: u, user: {token: first}}]\n"},
              {"/b/2",
               "current-context: second\n"
               "clusters: [{name: c, cluster: {server: https://second, tls-server-name: n}}, {name: d}]\n"
               "users: [{name: v, user: {client-key: k}}]\n"
               "contexts: [{name: second, context: {cluster: c}}]\n"},
              {"/b/3", "current-context: third\ncontexts: [{name: second, context: {cluster: d}}]\n"}};
  const auto config = load_kubeconfig({{"/a/1", "/missing", "/b/2", "/b/3"}}, files);
  BOOST_TEST_REQUIRE(config.has_value());
  BOOST_TEST(config->current_context == "second");
  BOOST_TEST(config->clusters.at("c").server == "https://first");
  BOOST_TEST(config->clusters.at("c").tls_server_name.empty());  // taken whole, not mixed
  BOOST_TEST(config->clusters.at("c").certificate_authority == "/a/ca");
  BOOST_TEST(config->clusters.contains("d"));
  BOOST_TEST(config->users.at("u").token == "first");
  BOOST_TEST(config->users.at("v").client_key == "/b/k");
  BOOST_TEST(config->contexts.at("second").cluster == "c");
}

BOOST_AUTO_TEST_CASE(missing_files_are_skipped_unless_named_by_the_flag) {
  const Files files;
  BOOST_TEST((load_kubeconfig({{"/a", "/b"}}, files).value() == Kubeconfig{}));
  const auto named = load_kubeconfig({{"/a"}, kError}, files);
  BOOST_TEST_REQUIRE(!named);
  BOOST_TEST(named.error().message == "load kubeconfig /a: there is no such file");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_used_is_named) {
  Files files{{"/a", "clusters: 1"}};
  BOOST_TEST(load_kubeconfig({{"/a"}}, files).error().message ==
             "load kubeconfig /a: clusters: a number where a list belongs");
  files.unreadable = {"/a"};
  BOOST_TEST(load_kubeconfig({{"/a"}}, files).error().message == "load kubeconfig: read /a: Permission denied");
}

BOOST_AUTO_TEST_SUITE_END()
