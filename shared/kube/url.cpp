#include "shared/kube/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace migrate::kube {
namespace {

bool is_scheme_character(unsigned char c) {
  return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
}

bool is_port(const std::string& text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits && !text.empty() && text.size() <= 5 && std::stoi(text) <= 65535;
}

bool is_host_character(unsigned char c) {
  return c > 0x20 && c != 0x7f &&
         std::string_view{"/\\<>\"^`{|}@[]:"}.find(static_cast<char>(c)) == std::string_view::npos;
}

// A password must not get into a message.
std::string without_secrets(const std::string& text) {
  const std::size_t at = text.rfind('@');
  const std::size_t slashes = text.find("//");
  if (at == std::string::npos) return text;
  return (slashes < at ? text.substr(0, slashes + 2) : "") + "…" + text.substr(at);
}

// HOST[:PORT] or [IPV6][:PORT].
bool split_authority(const std::string& authority, Url& url) {
  std::string port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string::npos) return false;
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (url.host.find(':') == std::string::npos || (!port.empty() && port[0] != ':')) return false;
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    port = authority.substr(colon);
    if (!std::all_of(url.host.begin(), url.host.end(), is_host_character)) return false;
  }
  if (port.size() > 1) url.port = port.substr(1);
  return !url.host.empty() && (port.size() <= 1 || is_port(url.port));
}

}  // namespace

std::string Url::text() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}{}{}{}{}{}", scheme, user_info, user_info.empty() ? "" : "@", bracketed ? "[" : "",
                     host, bracketed ? "]" : "", port.empty() ? "" : ":", port, path);
}

std::string Url::effective_port() const {
  if (!port.empty()) return port;
  if (scheme == "http") return "80";
  if (scheme == "https") return "443";
  return scheme == "socks5" ? "1080" : "";
}

Result<Url> parse_url(const std::string& text) {
  const auto refuse = [&] { return failure(fmt::format("\"{}\" is not a URL", without_secrets(text))); };
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos || colon == 0) return refuse();
  Url url;
  url.scheme = text.substr(0, colon);
  if (!std::all_of(url.scheme.begin(), url.scheme.end(), is_scheme_character)) return refuse();
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(),
                 [](unsigned char c) { return std::tolower(c); });

  const std::string rest = text.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string authority = rest.substr(0, authority_end);
  url.path = rest.substr(authority_end, std::min(rest.find_first_of("?#"), rest.size()) - authority_end);
  while (url.path.ends_with('/'))
    url.path.pop_back();
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    url.user_info = authority.substr(0, at);
    authority.erase(0, at + 1);
  }
  if (!split_authority(authority, url)) return refuse();
  return url;
}

Result<Url> parse_url_or_host(const std::string& text, const std::string& default_scheme) {
  if (text.find("://") != std::string::npos) return parse_url(text);
  auto url = parse_url(default_scheme + "://" + text);
  if (!url) return failure(fmt::format("\"{}\" is neither a URL nor HOST:PORT", without_secrets(text)));
  return url;
}

}  // namespace migrate::kube
