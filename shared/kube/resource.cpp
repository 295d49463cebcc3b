#include "shared/kube/resource.h"

#include <fmt/format.h>

namespace migrate::kube {

ResourcePath ResourcePath::named(std::string_view other) const {
  ResourcePath path = *this;
  path.name = other;
  return path;
}

ResourcePath ResourcePath::sub(std::string_view other) const {
  ResourcePath path = *this;
  path.subresource = other;
  return path;
}

ResourcePath ResourcePath::collection() const {
  ResourcePath path = *this;
  path.name.clear();
  path.subresource.clear();
  return path;
}

ResourcePath core(std::string plural, std::string namespace_, std::string name) {
  return {.group = {},
          .version = "v1",
          .plural = std::move(plural),
          .namespace_ = std::move(namespace_),
          .name = std::move(name),
          .subresource = {}};
}

ResourcePath pod(std::string namespace_, std::string name) {
  return core("pods", std::move(namespace_), std::move(name));
}

Result<std::string> url_path(const ResourcePath& path) {
  for (const std::string& segment : {path.namespace_, path.name})
    if (segment == "." || segment == ".." || segment.find('/') != std::string::npos)
      return failure(fmt::format("\"{}\" cannot be the name of a resource", segment));
  if (path.plural.empty() || path.version.empty()) return failure("a resource without a type or version");
  if (path.name.empty() && !path.subresource.empty())
    return failure(fmt::format("{} of {}: no name is given", path.subresource, path.plural));

  std::string url = path.group.empty() ? "/api" : "/apis/" + percent_encode(path.group);
  const auto append = [&](std::string_view segment) { url += "/" + percent_encode(segment); };
  append(path.version);
  if (!path.namespace_.empty()) {
    append("namespaces");
    append(path.namespace_);
  }
  append(path.plural);
  if (!path.name.empty()) append(path.name);
  for (std::size_t begin = 0; begin < path.subresource.size();) {
    const std::size_t end = std::min(path.subresource.find('/', begin), path.subresource.size());
    append(std::string_view(path.subresource).substr(begin, end - begin));
    begin = end + 1;
  }
  return url;
}

std::string describe(const ResourcePath& path) {
  std::string text = path.plural;
  if (!path.group.empty()) text += "." + path.group;
  if (!path.name.empty()) text += fmt::format(" \"{}\"", path.name);
  return text;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Query& Query::add(std::string_view key, std::string_view value) {
  if (!value.empty())
    text_ += fmt::format("{}{}={}", text_.empty() ? '?' : '&', percent_encode(key), percent_encode(value));
  return *this;
}

}  // namespace migrate::kube
