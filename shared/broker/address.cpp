#include "shared/broker/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace migrate::broker {
namespace {

struct Parts {
  std::string scheme;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string authority;  // HOST[:PORT], an IPv6 address in its brackets
  std::string path;       // with its slash
};

// 0: none.
std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

Result<std::string> decoded(std::string_view text, const std::string& which) {
  auto plain = percent_decoded(text);
  if (!plain) return tl::make_unexpected(plain.error().within(which));
  return plain;
}

struct HostAndPort {
  std::string host;        // with its brackets
  std::uint16_t port = 0;  // 0: not said
};

Result<HostAndPort> host_of(const std::string& authority, const std::string& which) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = bracketed ? authority.find(']') : authority.rfind(':');
  if (bracketed && end == std::string::npos) return failure(which + ": an IPv6 address without its closing bracket");
  const std::string host = authority.substr(0, bracketed ? end + 1 : end);
  const std::string rest = authority.substr(host.size());
  if (host.empty() || host == "[]") return failure(which + ": no host");
  if (rest.empty()) return HostAndPort{host, 0};
  const std::uint16_t port = rest.front() == ':' ? port_of(std::string_view{rest}.substr(1)) : std::uint16_t{0};
  if (port == 0) return failure(which + ": what follows the host is no port");
  return HostAndPort{host, port};
}

Result<Parts> take_apart(const std::string& url, const std::string& which) {
  const std::size_t colon = url.find("://");
  if (colon == std::string::npos || colon == 0)
    return failure(which + ": no URL (SCHEME://[USER:PASSWORD@]HOST[:PORT])");
  Parts parts;
  parts.scheme = url.substr(0, colon);
  std::transform(parts.scheme.begin(), parts.scheme.end(), parts.scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) parts.path = rest.substr(slash);
  parts.authority = rest.substr(0, slash);
  if (const std::size_t at = parts.authority.rfind('@'); at != std::string::npos) {
    const std::string info = parts.authority.substr(0, at);
    parts.authority.erase(0, at + 1);
    const std::size_t between = info.find(':');
    auto user = decoded(std::string_view{info}.substr(0, between), which);
    if (!user) return tl::make_unexpected(user.error());
    parts.user = *user;
    if (between != std::string::npos) {
      auto password = decoded(std::string_view{info}.substr(between + 1), which);
      if (!password) return tl::make_unexpected(password.error());
      parts.password = *password;
    }
  }
  if (auto host = host_of(parts.authority, which); !host) return tl::make_unexpected(host.error());
  return parts;
}

void take_credentials(const Parts& parts, Credentials& credentials) {
  if (parts.user) credentials = {*parts.user, parts.password.value_or("")};
}

std::string without_brackets(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

Result<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size() || value(text[i + 1]) < 0 || value(text[i + 2]) < 0)
      return failure("a % without two hexadecimal digits after it (write a % itself as %25)");
    plain += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
    i += 2;
  }
  return plain;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved = "-._~";
  std::string escaped;
  escaped.reserve(text.size() * 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || kUnreserved.find(c) != std::string_view::npos)
      escaped += c;
    else
      escaped += fmt::format("%{:02X}", byte);
  }
  return escaped;
}

Result<BrokerAddress> parse_broker_address(const std::string& amqp_url, const std::string& management_url) {
  auto amqp = take_apart(amqp_url, "amqp-url");
  if (!amqp) return tl::make_unexpected(amqp.error());
  if (amqp->scheme != "amqp" && amqp->scheme != "amqps")
    return failure("amqp-url: its scheme is neither amqp nor amqps");
  auto place = host_of(amqp->authority, "amqp-url");
  if (!place) return tl::make_unexpected(place.error());
  BrokerAddress address;
  const bool tls = amqp->scheme == "amqps";
  const std::uint16_t usual_port = tls ? 5671 : 5672;
  address.amqp = {without_brackets(place->host), place->port == 0 ? usual_port : place->port, tls, {}};
  take_credentials(*amqp, address.amqp.credentials);
  address.management = address.amqp.credentials;
  if (amqp->path.size() > 1) {
    auto name = decoded(std::string_view{amqp->path}.substr(1), "amqp-url");
    if (!name) return tl::make_unexpected(name.error());
    address.virtual_host = *name;
  }
  if (management_url.empty()) {
    address.management_url = fmt::format("{}://{}:{}", tls ? "https" : "http", place->host, tls ? 15671 : 15672);
    return address;
  }
  auto management = take_apart(management_url, "management-url");
  if (!management) return tl::make_unexpected(management.error());
  if (management->scheme != "http" && management->scheme != "https")
    return failure("management-url: its scheme is neither http nor https");
  take_credentials(*management, address.management);
  while (management->path.ends_with('/'))
    management->path.pop_back();
  // As people copy it from the documentation.
  if (management->path.ends_with("/api")) management->path.resize(management->path.size() - 4);
  address.management_url = management->scheme + "://" + management->authority + management->path;
  return address;
}

}  // namespace migrate::broker
