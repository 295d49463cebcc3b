// Where an object or a collection is in the API server's URL space. Source: kubernetes.io, "Kubernetes API Concepts",
// resource URIs.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace migrate::kube {

struct ResourcePath {
  std::string group;  // empty: the core group
  std::string version = "v1";
  std::string plural;       // "pods"
  std::string namespace_;   // empty: cluster-wide resources, and lists over all namespaces
  std::string name;         // empty: the collection
  std::string subresource;  // "status"; may go on, "proxy/checkpoint/ns/pod/container"

  [[nodiscard]] ResourcePath named(std::string_view other) const;
  [[nodiscard]] ResourcePath sub(std::string_view other) const;
  [[nodiscard]] ResourcePath collection() const;  // the one the object is in
};

[[nodiscard]] ResourcePath core(std::string plural, std::string namespace_ = {}, std::string name = {});
[[nodiscard]] ResourcePath pod(std::string namespace_, std::string name);

// Fails on names that cannot be part of a path: empty where a subresource follows, ".", "..", or with a slash.
[[nodiscard]] Result<std::string> url_path(const ResourcePath& path);

// As kubectl says it: `pods "web-0"`, `statefulsets.apps "db"`, `pods`.
[[nodiscard]] std::string describe(const ResourcePath& path);

// RFC 3986: everything but unreserved characters as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

// A query string under construction: "?a=b&c=d", or nothing.
class Query {
 public:
  Query& add(std::string_view key, std::string_view value);  // skips empty values
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace migrate::kube
