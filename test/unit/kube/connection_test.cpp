#include "shared/kube/connection.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>
#include <vector>

#include "test/fakes/host.h"

namespace {

namespace data = boost::unit_test::data;
using migrate::Result;
using migrate::fakes::Environment;
using migrate::fakes::Files;
using migrate::kube::ConfigFlags;
using migrate::kube::ConnectionConfig;
using migrate::kube::ExecPlugin;
using migrate::kube::load_connection;

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

// PEM text that says which it is.
std::string pem(const std::string& name) {
  return "-----BEGIN " + name + "-----\n";
}

constexpr const char* kKubeconfig = R"(
current-context: dev
clusters:
- {name: near, cluster: {server: "https://near:6443/", certificate-authority: ca.crt, tls-server-name: kubernetes}}
- {name: far, cluster: {server: "https://far", certificate-authority-data: LS0tLS1CRUdJTiBEQVRBLS0tLS0K, proxy-url: "http://p:1"}}
- {name: plain, cluster: {server: "http://plain:8080"}}
- {name: loose, cluster: {server: "https://loose", insecure-skip-tls-verify: true}}
- {name: both, cluster: {server: "https://both", insecure-skip-tls-verify: true, certificate-authority: ca.crt}}
- {name: serverless, cluster: {certificate-authority: ca.crt}}
- {name: blank, cluster: {}}
users:
- {name: certified, user: {client-certificate: me.crt, client-key: me.key}}
- {name: tokened, user: {token: t}}
- {name: filed, user: {tokenFile: t, token: old}}
- {name: worded, user: {username: u, password: w}}
- name: plugged
  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Always}}
- {name: acting, user: {token: t, as: boss, as-groups: [g], as-user-extra: {a: ["1"], b: ["2"]}}}
- {name: provided, user: {auth-provider: {name: oidc}}}
- {name: twofold, user: {token: t, username: u}}
- {name: keyless, user: {client-certificate: me.crt}}
contexts:
- {name: dev, context: {cluster: near, user: certified, namespace: shop}}
- {name: prod, context: {cluster: far, user: tokened}}
- {name: clusterless, context: {cluster: gone, user: tokened}}
- {name: userless, context: {cluster: far, user: gone}}
- {name: nobody, context: {cluster: far}}
- {name: half, context: {user: tokened}}
)";

struct World {
  Environment environment{{"HOME", "/home/me"}};
  Files files{{"/home/me/.kube/config", kKubeconfig},
              {"/home/me/.kube/ca.crt", pem("CA")},
              {"/home/me/.kube/me.crt", pem("CERT")},
              {"/home/me/.kube/me.key", pem("KEY")},
              {"flag.crt", pem("FLAG CERT")},
              {"flag.key", pem("FLAG KEY")},
              {"flag.ca", pem("FLAG CA")},
              {"words", "no certificate"}};
  ConfigFlags flags;

  void put_in_pod() {
    environment.variables["KUBERNETES_SERVICE_HOST"] = "10.96.0.1";
    environment.variables["KUBERNETES_SERVICE_PORT"] = "443";
    files.contents[std::string(kServiceAccount) + "token"] = "pod-token";
    files.contents[std::string(kServiceAccount) + "ca.crt"] = pem("POD CA");
    files.contents[std::string(kServiceAccount) + "namespace"] = "pod-namespace\n";
  }
  void remove_kubeconfig() { files.contents.erase("/home/me/.kube/config"); }

  [[nodiscard]] Result<ConnectionConfig> load() const { return load_connection(flags, environment, files); }
  [[nodiscard]] ConnectionConfig config() const {
    auto config = load();
    BOOST_TEST_REQUIRE(config.has_value(), (config ? "" : config.error().message));
    return std::move(*config);
  }
  [[nodiscard]] std::string error() const {
    const auto config = load();
    return config ? "no error" : config.error().message;
  }
};

struct Broken {
  std::string name;
  std::function<void(World&)> change;
  std::string error;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.name; }
};

const std::string kContexts = "clusterless, dev, half, nobody, prod, userless";
const std::string kClusters = "blank, both, far, loose, near, plain, serverless";
const std::string kUsers = "acting, certified, filed, keyless, plugged, provided, tokened, twofold, worded";

void set_exec(World& w, const std::string& exec) {
  w.files.contents["/home/me/.kube/config"] =
      "clusters: [{name: c, cluster: {server: \"https://h\"}}]\nusers: [{name: u, user: {exec: {" + exec + "}}}]\n";
  w.flags.cluster = "c";
  w.flags.user = "u";
}

const std::vector<Broken> kBroken = {
    {"a context that does not exist", [](World& w) { w.flags.context = "x"; },
     "context \"x\" does not exist; the kubeconfig has " + kContexts},
    {"a current context that does not exist",
     [](World& w) { w.files.contents["/home/me/.kube/config"] = "current-context: x"; },
     "context \"x\" does not exist; the kubeconfig has none"},
    {"a cluster that does not exist", [](World& w) { w.flags.cluster = "x"; },
     "cluster \"x\" does not exist; the kubeconfig has " + kClusters},
    {"a user that does not exist", [](World& w) { w.flags.user = "x"; },
     "user \"x\" does not exist; the kubeconfig has " + kUsers},
    {"a context whose cluster does not exist", [](World& w) { w.flags.context = "clusterless"; },
     "context \"clusterless\": cluster \"gone\" does not exist; the kubeconfig has " + kClusters},
    {"a context whose user does not exist", [](World& w) { w.flags.context = "userless"; },
     "context \"userless\": user \"gone\" does not exist; the kubeconfig has " + kUsers},
    {"a context without a cluster", [](World& w) { w.flags.context = "half"; },
     "context \"half\" names no cluster: add one, or give --cluster"},
    {"a cluster without a server", [](World& w) { w.flags.cluster = "serverless"; },
     "cluster \"serverless\" has no server: add one, or give --server"},
    {"a blank cluster", [](World& w) { w.flags.cluster = "blank"; },
     "cluster \"blank\" has no server: add one, or give --server"},
    {"a server that is no URL", [](World& w) { w.flags.server = "https://a b"; },
     "cluster \"near\": server: \"https://a b\" is not a URL"},
    {"a server of another kind", [](World& w) { w.flags.server = "ftp://h"; },
     "cluster \"near\": server: ftp:// is not a way to an API server, https:// is"},
    {"no configuration at all", [](World& w) { w.remove_kubeconfig(); },
     "no cluster is configured (looked at: /home/me/.kube/config): set $KUBECONFIG, or give --kubeconfig or --server"},
    {"nowhere to look for one", [](World& w) { w.environment.variables.clear(); },
     "no cluster is configured (looked at: nowhere, as $HOME is not set): set $KUBECONFIG, or give --kubeconfig or "
     "--server"},
    {"no context chosen",
     [](World& w) { w.files.contents["/home/me/.kube/config"] = "contexts: [{name: a}, {name: b}]"; },
     "no context is chosen in /home/me/.kube/config: give --context (one of: a, b), or set one with \"kubectl config "
     "use-context\""},
    {"a kubeconfig that is missing", [](World& w) { w.flags.kubeconfig = "/none"; },
     "load kubeconfig /none: there is no such file"},
    {"a kubeconfig that cannot be read", [](World& w) { w.files.unreadable = {"/home/me/.kube/config"}; },
     "load kubeconfig: read /home/me/.kube/config: Permission denied"},
    {"an authority's file that is missing", [](World& w) { w.files.contents.erase("/home/me/.kube/ca.crt"); },
     "cluster \"near\": certificate-authority: read /home/me/.kube/ca.crt: there is no such file"},
    {"an authority's file that cannot be read", [](World& w) { w.files.unreadable = {"/home/me/.kube/ca.crt"}; },
     "cluster \"near\": certificate-authority: read /home/me/.kube/ca.crt: Permission denied"},
    {"an authority that is none", [](World& w) { w.flags.certificate_authority = "words"; },
     "cluster \"near\": certificate-authority words: not in PEM form"},
    {"an authority that may be anybody", [](World& w) { w.flags.cluster = "both"; },
     "cluster \"both\": certificate-authority and insecure-skip-tls-verify contradict each other: give one of them"},
    {"a flag for an authority and one for none",
     [](World& w) {
       w.flags.certificate_authority = "flag.ca";
       w.flags.insecure_skip_tls_verify = true;
     },
     "cluster \"near\": certificate-authority and insecure-skip-tls-verify contradict each other: give one of them"},
    {"a certificate that is missing", [](World& w) { w.flags.client_certificate = "none"; },
     "user \"certified\": client-certificate: read none: there is no such file"},
    {"a key that cannot be read", [](World& w) { w.files.unreadable = {"/home/me/.kube/me.key"}; },
     "user \"certified\": client-key: read /home/me/.kube/me.key: Permission denied"},
    {"a certificate without its key", [](World& w) { w.flags.user = "keyless"; },
     "user \"keyless\": client-certificate needs a client-key (or client-key-data)"},
    {"a token and a password", [](World& w) { w.flags.user = "twofold"; },
     "user \"twofold\": has a token and a username or password: give one of them"},
    {"an auth-provider", [](World& w) { w.flags.user = "provided"; },
     "user \"provided\": auth-provider \"oidc\" is not supported: use an exec plugin or a token"},
    {"groups to act as, but no user", [](World& w) { w.flags.as_group = {"g"}; },
     "user \"certified\": requesting uid, groups or user-extra without impersonating a user: add --as=USER (or "
     "\"as\")"},
    {"an extra value without a key",
     [](World& w) {
       w.flags.as = "x";
       w.flags.as_user_extra = {"=v"};
     },
     "--as-user-extra==v: not KEY=VALUE"},
    {"a proxy that cannot be used", [](World& w) { w.environment.variables["HTTPS_PROXY"] = "socks5://p"; },
     "cluster \"near\": $HTTPS_PROXY: socks5:// proxies are not supported, only http:// ones: name one, or none"},
    {"a plugin without a command", [](World& w) { set_exec(w, "apiVersion: client.authentication.k8s.io/v1"); },
     "user \"u\": exec: command is missing"},
    {"a plugin of an old version",
     [](World& w) { set_exec(w, "command: x, apiVersion: client.authentication.k8s.io/v1alpha1"); },
     "user \"u\": exec: apiVersion is \"client.authentication.k8s.io/v1alpha1\" but must be "
     "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"},
    {"a v1 plugin without a mode",
     [](World& w) { set_exec(w, "command: x, apiVersion: client.authentication.k8s.io/v1"); },
     "user \"u\": exec: interactiveMode is \"\" but must be Never, IfAvailable or Always"},
    {"a plugin with an unknown mode",
     [](World& w) {
       set_exec(w, "command: x, apiVersion: client.authentication.k8s.io/v1beta1, interactiveMode: never");
     },
     "user \"u\": exec: interactiveMode is \"never\" but must be Never, IfAvailable or Always"},
    {"a plugin's variable without a name",
     [](World& w) { set_exec(w, "command: x, apiVersion: client.authentication.k8s.io/v1beta1, env: [{value: v}]"); },
     "user \"u\": exec: a variable in env has no name"},
};

struct ServerCase {
  std::string server;
  bool means_tls;
  std::string url;
  friend std::ostream& operator<<(std::ostream& out, const ServerCase& c) { return out << c.server; }
};

const std::vector<ServerCase> kServers = {
    {"https://h:6443", false, "https://h:6443"},
    {"https://h/prefix/?q#f", false, "https://h/prefix"},
    {"h:8080", false, "http://h:8080"},
    {"h:8080", true, "https://h:8080"},
    {"http://h", true, "http://h"},
    {"[::1]:6443", true, "https://[::1]:6443"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(connection)

BOOST_AUTO_TEST_CASE(the_current_context_is_taken) {
  const ConnectionConfig config = World{}.config();
  BOOST_TEST(config.server == "https://near:6443");
  BOOST_TEST(config.tls.ca_pem.value() == pem("CA"));
  BOOST_TEST(!config.tls.insecure_skip_verify);
  BOOST_TEST(config.tls.server_name == "kubernetes");
  BOOST_TEST(config.proxy_url.empty());
  BOOST_TEST((config.auth.certificate == migrate::kube::ClientCertificate{pem("CERT"), pem("KEY")}));
  BOOST_TEST(config.default_namespace == "shop");
  BOOST_TEST(config.impersonate.user.empty());
}

BOOST_AUTO_TEST_CASE(the_flags_context_comes_before_it) {
  World world;
  world.flags.context = "prod";
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.server == "https://far");
  BOOST_TEST(config.tls.ca_pem.value() == pem("DATA"));
  BOOST_TEST(config.proxy_url == "http://p:1");
  BOOST_TEST(config.auth.token == "t");
  BOOST_TEST(config.default_namespace == "default");
}

BOOST_AUTO_TEST_CASE(parts_of_the_context_can_be_exchanged) {
  World world;
  world.flags.cluster = "loose";
  world.flags.user = "filed";
  world.flags.namespace_ = "mine";
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.server == "https://loose");
  BOOST_TEST(config.tls.insecure_skip_verify);
  BOOST_TEST(config.auth.token_file == "/home/me/.kube/t");
  BOOST_TEST(config.auth.token == "old");
  BOOST_TEST(!config.auth.certificate.has_value());
  BOOST_TEST(config.default_namespace == "mine");
}

BOOST_AUTO_TEST_CASE(another_server_does_not_keep_the_old_ones_name) {
  World world;
  world.flags.server = "https://other";
  BOOST_TEST(world.config().server == "https://other");
  BOOST_TEST(world.config().tls.server_name.empty());
  BOOST_TEST(world.config().tls.ca_pem.value() == pem("CA"));
  world.flags.tls_server_name = "n";
  BOOST_TEST(world.config().tls.server_name == "n");
}

BOOST_AUTO_TEST_CASE(a_flag_about_trust_replaces_the_clusters) {
  World world;
  world.flags.insecure_skip_tls_verify = true;
  BOOST_TEST(world.config().tls.insecure_skip_verify);
  BOOST_TEST(!world.config().tls.ca_pem.has_value());

  World strict;
  strict.flags.cluster = "loose";
  strict.flags.certificate_authority = "flag.ca";
  BOOST_TEST(!strict.config().tls.insecure_skip_verify);
  BOOST_TEST(strict.config().tls.ca_pem.value() == pem("FLAG CA"));

  World data_form;
  data_form.flags.context = "prod";
  data_form.flags.certificate_authority = "flag.ca";
  BOOST_TEST(data_form.config().tls.ca_pem.value() == pem("FLAG CA"));
}

BOOST_AUTO_TEST_CASE(data_comes_before_a_file) {
  World world;
  world.files.contents["/home/me/.kube/config"] =
      "clusters: [{name: c, cluster: {server: \"https://h\", certificate-authority: none,"
      " certificate-authority-data: LS0tLS1CRUdJTiBEQVRBLS0tLS0K}}]\n";
  world.flags.cluster = "c";
  BOOST_TEST(world.config().tls.ca_pem.value() == pem("DATA"));
}

BOOST_AUTO_TEST_CASE(credentials_given_by_flag_come_first) {
  World world;
  world.flags.client_certificate = "flag.crt";
  world.flags.client_key = "flag.key";
  BOOST_TEST((world.config().auth.certificate == migrate::kube::ClientCertificate{pem("FLAG CERT"), pem("FLAG KEY")}));

  World token;
  token.flags.user = "filed";
  token.flags.token = "flagged";
  BOOST_TEST(token.config().auth.token == "flagged");
  BOOST_TEST(token.config().auth.token_file.empty());

  World unknown;
  unknown.flags.context = "userless";
  unknown.flags.token = "flagged";
  BOOST_TEST(unknown.config().auth.token == "flagged");
}

BOOST_AUTO_TEST_CASE(a_context_without_a_user_is_nobody) {
  World world;
  world.flags.context = "nobody";
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.auth.token.empty());
  BOOST_TEST(!config.auth.certificate.has_value());
}

BOOST_AUTO_TEST_CASE(whom_to_act_as_can_be_given_by_both) {
  World world;
  world.flags.user = "acting";
  BOOST_TEST(world.config().impersonate.user == "boss");
  BOOST_TEST((world.config().impersonate.groups == std::vector<std::string>{"g"}));
  world.flags.as = "other";
  world.flags.as_uid = "7";
  world.flags.as_group = {"x", "y"};
  world.flags.as_user_extra = {"a=3", "a=4=5", "c="};
  const auto acting = world.config().impersonate;
  BOOST_TEST(acting.user == "other");
  BOOST_TEST(acting.uid == "7");
  BOOST_TEST((acting.groups == std::vector<std::string>{"x", "y"}));
  BOOST_TEST((acting.extra ==
              std::map<std::string, std::vector<std::string>>{{"a", {"3", "4=5"}}, {"b", {"2"}}, {"c", {""}}}));
}

BOOST_AUTO_TEST_CASE(a_plugin_is_passed_on) {
  World world;
  world.flags.user = "plugged";
  const auto exec = world.config().auth.exec;
  BOOST_TEST_REQUIRE(exec.has_value());
  BOOST_TEST(exec->command == "login");
  BOOST_TEST((exec->interactive == ExecPlugin::Interactive::always));
  set_exec(world, "command: x, apiVersion: client.authentication.k8s.io/v1beta1");
  BOOST_TEST((world.config().auth.exec->interactive == ExecPlugin::Interactive::if_available));
  set_exec(world, "command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never");
  BOOST_TEST((world.config().auth.exec->interactive == ExecPlugin::Interactive::never));
}

BOOST_AUTO_TEST_CASE(a_plain_http_server_is_shown_no_credential) {
  World world;
  world.flags.cluster = "plain";
  world.flags.token = "secret";
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.server == "http://plain:8080");
  BOOST_TEST(config.auth.token.empty());
  BOOST_TEST(!config.auth.certificate.has_value());
}

BOOST_DATA_TEST_CASE(how_a_server_may_be_written, data::make(kServers), c) {
  World world;
  world.remove_kubeconfig();
  world.flags.server = c.server;
  world.flags.insecure_skip_tls_verify = c.means_tls;
  BOOST_TEST(world.config().server == c.url);
}

BOOST_AUTO_TEST_CASE(the_environments_proxy_is_used) {
  World world;
  world.environment.variables["HTTPS_PROXY"] = "proxy:3128";
  BOOST_TEST(world.config().proxy_url == "http://proxy:3128");
  world.environment.variables["NO_PROXY"] = "near";
  BOOST_TEST(world.config().proxy_url.empty());
}

BOOST_AUTO_TEST_CASE(the_service_account_is_used_without_a_kubeconfig) {
  World world;
  world.put_in_pod();
  world.remove_kubeconfig();
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.server == "https://10.96.0.1:443");
  BOOST_TEST(config.tls.ca_pem.value() == pem("POD CA"));
  BOOST_TEST(config.auth.token_file == std::string(kServiceAccount) + "token");
  BOOST_TEST(config.default_namespace == "pod-namespace");

  world.environment.variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  world.environment.variables["POD_NAMESPACE"] = "downward";
  BOOST_TEST(world.config().server == "https://[fd00::1]:443");
  BOOST_TEST(world.config().default_namespace == "downward");
}

BOOST_AUTO_TEST_CASE(flags_change_the_service_accounts_connection_too) {
  World world;
  world.put_in_pod();
  world.remove_kubeconfig();
  world.flags.token = "flagged";
  world.flags.certificate_authority = "flag.ca";
  world.flags.namespace_ = "mine";
  world.flags.as = "other";
  const ConnectionConfig config = world.config();
  BOOST_TEST(config.auth.token == "flagged");
  BOOST_TEST(config.auth.token_file.empty());
  BOOST_TEST(config.tls.ca_pem.value() == pem("FLAG CA"));
  BOOST_TEST(config.default_namespace == "mine");
  BOOST_TEST(config.impersonate.user == "other");
}

BOOST_AUTO_TEST_CASE(a_kubeconfig_or_a_server_comes_before_the_service_account) {
  World world;
  world.put_in_pod();
  BOOST_TEST(world.config().server == "https://near:6443");
  BOOST_TEST(world.config().default_namespace == "shop");
  world.flags.context = "prod";
  BOOST_TEST(world.config().default_namespace == "pod-namespace");  // as kubectl in a Pod
  world.remove_kubeconfig();
  world.flags = {};
  world.flags.server = "https://other";
  BOOST_TEST(world.config().server == "https://other");
  BOOST_TEST(world.config().auth.token_file.empty());
}

BOOST_AUTO_TEST_CASE(a_pod_without_a_token_is_no_pod) {
  for (const char* missing : {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"}) {
    World world;
    world.put_in_pod();
    world.remove_kubeconfig();
    world.environment.variables.erase(missing);
    BOOST_TEST(world.error().starts_with("no cluster is configured"));
  }
  World world;
  world.put_in_pod();
  world.remove_kubeconfig();
  world.files.contents.erase(std::string(kServiceAccount) + "token");
  BOOST_TEST(world.error().starts_with("no cluster is configured"));
  world.files.unreadable = {std::string(kServiceAccount) + "token"};
  BOOST_TEST(world.error() ==
             "use the Pod's service account: read " + std::string(kServiceAccount) + "token: Permission denied");
}

BOOST_AUTO_TEST_CASE(without_its_authority_a_pod_trusts_the_systems) {
  World world;
  world.put_in_pod();
  world.remove_kubeconfig();
  world.files.contents.erase(std::string(kServiceAccount) + "ca.crt");
  BOOST_TEST(!world.config().tls.ca_pem.has_value());
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_told_with_what_to_do, data::make(kBroken), c) {
  World world;
  c.change(world);
  BOOST_TEST(world.error() == c.error);
}

BOOST_AUTO_TEST_SUITE_END()
