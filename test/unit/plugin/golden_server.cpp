// The API server of the golden cases.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "shared/migration/migration.h"
#include "test/unit/plugin/golden_world.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

constexpr const char* kOfNamespace = "/apis/kubectl-migrate.dev/v1alpha1/namespaces/shop/migrations";
constexpr const char* kOfAll = "/apis/kubectl-migrate.dev/v1alpha1/migrations";
constexpr const char* kPods = "/api/v1/namespaces/shop/pods";
constexpr const char* kEvents = "/api/v1/namespaces/shop/events";

void answer(test::Connection& connection, unsigned status, const Json& body) {
  connection.answer(status, body.dump(), {"Content-Type: application/json"});
}

void refuse(test::Connection& connection, unsigned code, const std::string& reason, const std::string& message,
            const Json& details = Json::object()) {
  answer(connection, code,
         {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"status", "Failure"},
          {"message", message},
          {"reason", reason},
          {"details", details},
          {"code", code}});
}

void list(test::Connection& connection, const std::vector<Json>& all, const std::string& query) {
  constexpr std::string_view kByName = "metadata.name%3D";
  const std::size_t at = query.find(kByName);
  std::string name;
  if (at != std::string::npos) name = query.substr(at + kByName.size(), query.find('&', at) - at - kByName.size());
  Json items = Json::array();
  for (const Json& one : all)
    if (name.empty() || one.at("metadata").at("name") == name) items.push_back(one);
  answer(connection, 200, {{"kind", "List"}, {"metadata", {{"resourceVersion", "7"}}}, {"items", items}});
}

void watch(test::Connection& connection, const std::vector<Json>& later) {
  connection.begin_chunks({"Content-Type: application/json"});
  for (const Json& one : later)
    connection.chunk(Json{{"type", "MODIFIED"}, {"object", one}}.dump() + "\n");
  connection.wait_until_closed();
}

// One of a collection, or what an API server says where there is none.
void get(test::Connection& connection, const std::vector<Json>& all, const std::string& kind, const std::string& name) {
  for (const Json& one : all)
    if (one.at("metadata").at("name") == name) return answer(connection, 200, one);
  refuse(connection, 404, "NotFound", fmt::format("{} \"{}\" not found", kind, name), {{"name", name}});
}

// What is made while it runs: Migrations, by name. Each connection has its own thread.
struct Made {
  std::mutex mutex;
  std::map<std::string, Json> migrations;
};

// Of who asks, and of what he may do; nothing is kept.
void review(test::Connection& connection, const std::string& path, Json asked, const GoldenWorld& world) {
  asked["metadata"]["creationTimestamp"] = "2026-01-01T12:00:00Z";
  if (path.ends_with("/selfsubjectreviews")) {
    asked["status"]["userInfo"]["username"] = "dev";
  } else {
    const Json& right = asked.at("spec").at("resourceAttributes");
    const std::string words = right.at("verb").get<std::string>() + " " + right.at("resource").get<std::string>();
    asked["status"]["allowed"] = !world.denied.contains(words);
  }
  answer(connection, 201, asked);
}

// A Migration is answered at once, in its status, as the controller would do it.
void create(test::Connection& connection, const std::string& path, const std::string& query, Json object,
            const GoldenWorld& world, Made& kept) {
  if (path.starts_with("/apis/authentication.k8s.io/") || path.starts_with("/apis/authorization.k8s.io/"))
    return review(connection, path, std::move(object), world);
  if (path != kOfNamespace)
    return refuse(connection, 404, "NotFound", "the server could not find the requested resource");
  object["metadata"]["uid"] = "uid-made";
  object["metadata"]["resourceVersion"] = "9";
  object["metadata"]["creationTimestamp"] = "2026-01-01T12:00:00Z";
  if (query.find("dryRun=All") == std::string::npos) {
    const std::lock_guard lock{kept.mutex};
    Json& one = kept.migrations[object.at("metadata").at("name").get<std::string>()] = object;
    if (world.dry_run) one["status"] = to_json(*world.dry_run);
  }
  answer(connection, 201, object);
}

void remove(test::Connection& connection, const std::string& name, Made& kept) {
  const std::lock_guard lock{kept.mutex};
  kept.migrations.erase(name);
  answer(connection, 200, {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Success"}});
}

// False: it is no path of these.
bool serve_others(test::Connection& connection, const std::string& path, const std::string& query,
                  const GoldenWorld& world) {
  if (const auto body = world.bodies.find(path); body != world.bodies.end()) {
    answer(connection, 200, body->second);
    return true;
  }
  const std::size_t slash = path.rfind('/');
  const std::string above = path.substr(0, slash);
  if (const auto all = world.collections.find(path); all != world.collections.end()) {
    list(connection, all->second, query);
    return true;
  }
  const auto all = world.collections.find(above);
  if (all == world.collections.end()) return false;
  get(connection, all->second, above.substr(above.rfind('/') + 1), path.substr(slash + 1));
  return true;
}

void serve_one(test::Connection& connection, const test::Request& request, const GoldenWorld& world, Made& kept) {
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const std::string path = request.target.substr(0, mark);
  const std::string query = request.target.substr(mark);
  const auto below = [&](const std::string& collection) {
    return path.starts_with(collection + "/") ? path.substr(collection.size() + 1) : "";
  };
  if (request.method == "POST")
    return create(connection, path, query, Json::parse(request.body, nullptr, false), world, kept);
  if (request.method == "DELETE") return remove(connection, below(kOfNamespace), kept);
  if (!world.is_installed && path.starts_with("/apis/kubectl-migrate.dev/"))
    return refuse(connection, 404, "NotFound", "the server could not find the requested resource");
  const bool is_list = path == kOfNamespace || path == kOfAll;
  if (is_list && world.is_forbidden)
    return refuse(
        connection, 403, "Forbidden",
        "migrations.kubectl-migrate.dev is forbidden: User \"dev\" cannot list resource \"migrations\" in API "
        "group \"kubectl-migrate.dev\" in the namespace \"shop\"");
  if (is_list && query.find("watch=true") != std::string::npos) return watch(connection, world.later);
  if (is_list) return list(connection, world.migrations, query);
  if (path == kPods) return list(connection, world.pods, query);
  if (path == kEvents) return list(connection, world.events, "");
  if (serve_others(connection, path, query, world)) return;
  if (const std::string name = below(kOfNamespace); !name.empty()) {
    const std::unique_lock lock{kept.mutex};
    if (const auto found = kept.migrations.find(name); found != kept.migrations.end())
      return answer(connection, 200, found->second);
  }
  if (const std::string name = below(kOfNamespace); !name.empty())
    return get(connection, world.migrations, "migrations.kubectl-migrate.dev", name);
  get(connection, world.pods, "pods", below(kPods));
}

}  // namespace

test::Script serve(const GoldenWorld& world) {
  return test::FakeServer::each(
      [world, kept = std::make_shared<Made>()](test::Connection& connection, const test::Request& request) {
        serve_one(connection, request, world, *kept);
      });
}

}  // namespace migrate::plugin
