#include "shared/kube/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace migrate::kube {
namespace {

using Address = std::vector<std::uint8_t>;  // 4 or 16 bytes

std::optional<Address> parse_address(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return Address(bytes.begin(), bytes.begin() + 4);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::nullopt;
  // An IPv4 address in IPv6 clothes is the IPv4 address.
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) return Address(bytes.begin() + 12, bytes.end());
  return Address(bytes.begin(), bytes.end());
}

bool is_loopback(const Address& address) {
  if (address.size() == 4) return address[0] == 127;
  return std::all_of(address.begin(), address.end() - 1, [](std::uint8_t b) { return b == 0; }) && address.back() == 1;
}

bool share_prefix(const Address& a, const Address& b, unsigned bits) {
  if (a.size() != b.size()) return false;
  for (unsigned bit = 0; bit < bits; ++bit)
    if (((a[bit / 8] ^ b[bit / 8]) & (0x80U >> (bit % 8))) != 0) return false;
  return true;
}

struct Network {
  Address address;
  unsigned bits = 0;
};

std::optional<Network> parse_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  auto address = parse_address(text.substr(0, slash));
  unsigned bits = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + slash + 1, end, bits);
  if (!address || error != std::errc{} || stopped != end || bits > address->size() * 8) return std::nullopt;
  return Network{std::move(*address), bits};
}

struct Target {
  std::string host;
  std::string port;
  std::optional<Address> address;
};

// "name:port" and "[v6]:port" apart; an IPv6 address without brackets is all host.
void split_port(const std::string& entry, std::string& host, std::string& port) {
  host = entry;
  if (entry.starts_with('[')) {
    const std::size_t close = entry.find(']');
    if (close == std::string::npos) return;
    host = entry.substr(1, close - 1);
    if (entry.size() > close + 1 && entry[close + 1] == ':') port = entry.substr(close + 2);
  } else if (const std::size_t colon = entry.find(':'); colon != std::string::npos && colon == entry.rfind(':')) {
    host = entry.substr(0, colon);
    port = entry.substr(colon + 1);
  }
}

bool excludes(const std::string& entry, const Target& target) {
  if (entry == "*") return true;
  if (const auto network = parse_network(entry))
    return target.address && share_prefix(*target.address, network->address, network->bits);
  std::string host;
  std::string port;
  split_port(entry, host, port);
  if (host.empty() || (!port.empty() && port != target.port)) return false;
  if (const auto address = parse_address(host)) return target.address == address;
  if (target.address) return false;
  // "x.org" means itself and what is below, ".x.org" and "*.x.org" only what is below.
  if (host.starts_with("*.")) host.erase(0, 1);
  if (host.starts_with('.')) return target.host.ends_with(host);
  return target.host == host || target.host.ends_with("." + host);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_excluded(const Url& server, const std::string& no_proxy) {
  const std::string host = lower(server.host);
  const Target target{host, server.effective_port(), parse_address(host)};
  if (host == "localhost" || (target.address && is_loopback(*target.address))) return true;
  for (std::size_t at = 0; at <= no_proxy.size();) {
    const std::size_t comma = std::min(no_proxy.find(',', at), no_proxy.size());
    const std::string entry = no_proxy.substr(at, comma - at);
    at = comma + 1;
    const std::size_t first = entry.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    if (excludes(lower(entry.substr(first, entry.find_last_not_of(" \t") + 1 - first)), target)) return true;
  }
  return false;
}

struct Variable {
  std::string name;
  std::string value;
};

Variable either(const Environment& environment, const std::string& upper_name) {
  for (const std::string& name : {upper_name, lower(upper_name)})
    if (std::string value = environment.variable(name).value_or(""); !value.empty()) return {name, std::move(value)};
  return {};
}

Result<std::string> usable(const Result<Url>& url, const std::string& where) {
  if (!url) return tl::make_unexpected(url.error().within(where));
  if (url->scheme != "http")
    return failure(
        fmt::format("{}: {}:// proxies are not supported, only http:// ones: name one, or none", where, url->scheme));
  return url->text();
}

}  // namespace

Result<std::string> proxy_for(const Url& server, const std::string& proxy_url, const Environment& environment) {
  if (!proxy_url.empty()) return usable(parse_url(proxy_url), "proxy-url");
  const Variable proxy = either(environment, server.scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy.value.empty() || is_excluded(server, either(environment, "NO_PROXY").value)) return "";
  return usable(parse_url_or_host(proxy.value, "http"), "$" + proxy.name);
}

}  // namespace migrate::kube
