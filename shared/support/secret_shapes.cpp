#include "shared/support/secret_shapes.h"

#include <algorithm>
#include <array>

namespace migrate::support {
namespace {

constexpr auto kNowhere = std::string_view::npos;
using Found = std::optional<SecretSpan>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z');
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
// Of the token forms of RFC 6750 and RFC 4648, URL-safe alphabet included.
bool is_token(char c) {
  return is_alnum(c) || std::string_view{"-._~+/="}.find(c) != kNowhere;
}
bool is_base64url(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}
bool is_name(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

template <class Is>
std::size_t end_of(std::string_view text, std::size_t from, const Is& is) {
  while (from < text.size() && is(text[from]))
    ++from;
  return from;
}

bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_base64url(text[at - 1]);
}

bool has_word(std::string_view text, std::size_t at, std::string_view word) {
  return text.size() - at >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, char b) { return a == lower(b); });
}

// Lower case, without what parts words: "X-Api-Key" and "apiKey" are both "apikey".
std::string plain(std::string_view name) {
  std::string letters;
  for (const char c : name)
    if (is_alnum(c)) letters += lower(c);
  return letters;
}

// Headers whose whole line is the secret.
bool is_header(std::string_view name) {
  const std::string letters = plain(name);
  return letters.ends_with("authorization") || letters.ends_with("cookie");
}

bool is_masked(std::string_view value) {
  return value.empty() || value.starts_with(kMask);
}

Found span_of(std::string_view text, std::size_t begin, std::size_t end, std::string_view shape) {
  if (is_masked(text.substr(begin, end - begin))) return std::nullopt;
  return SecretSpan{begin, end, shape};
}

// "amqp://guest:guest@broker/": user and password. A slash in the password is against the rule and done all the same;
// what follows a colon and is no port tells it from "https://host:443/@x".
Found user_info(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "://") return std::nullopt;
  constexpr std::size_t kLongest = 2048;  // else a line full of "://" would take a time of its square
  const std::size_t begin = at + 3;
  const std::string_view rest = text.substr(begin, kLongest);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n\"'`<>\\"));
  const std::string_view authority = word.substr(0, word.find_first_of("/?#"));
  std::size_t sign = authority.rfind('@');
  if (sign == kNowhere && !authority.starts_with('[')) {
    const std::size_t colon = authority.find(':');
    const bool is_port = colon == kNowhere || end_of(authority, colon + 1, is_digit) == authority.size();
    if (!is_port) sign = word.rfind('@');
  }
  if (sign == kNowhere) return std::nullopt;
  return span_of(text, begin, begin + sign, "a URL with a user's name or password");
}

Found private_key(std::string_view text, std::size_t at) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  constexpr std::size_t kLongestTitle = 64;
  if (text.substr(at, kBegin.size()) != kBegin) return std::nullopt;
  const std::string_view title = text.substr(at + kBegin.size(), kLongestTitle);
  if (title.substr(0, title.find("-----")).find("PRIVATE KEY") == kNowhere) return std::nullopt;
  std::size_t end = text.find(kEnd, at + kBegin.size());
  if (end != kNowhere) end = text.find("-----", end + kEnd.size());
  return span_of(text, at, end == kNowhere ? text.size() : end + 5, "a private key");
}

Found json_web_token(std::string_view text, std::size_t at) {
  constexpr std::size_t kShortest = 8;  // of each of its three parts
  if (text.substr(at, 3) != "eyJ" || !begins_word(text, at)) return std::nullopt;
  std::size_t end = at;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && (end >= text.size() || text[end++] != '.')) return std::nullopt;
    const std::size_t part_end = end_of(text, end, is_base64url);
    if (part_end - end < kShortest) return std::nullopt;
    end = part_end;
  }
  return span_of(text, at, end, "a JSON web token");
}

// Tokens that say by their beginning whose they are.
Found well_known_token(std::string_view text, std::size_t at) {
  struct Kind {
    std::string_view prefix;
    std::size_t least;  // characters behind it
  };
  static constexpr auto kKinds = std::to_array<Kind>({{"AKIA", 16},
                                                      {"ASIA", 16},
                                                      {"AIza", 35},
                                                      {"ghp_", 36},
                                                      {"gho_", 36},
                                                      {"ghu_", 36},
                                                      {"ghs_", 36},
                                                      {"ghr_", 36},
                                                      {"github_pat_", 22},
                                                      {"glpat-", 20},
                                                      {"npm_", 36},
                                                      {"dckr_pat_", 20},
                                                      {"hvs.", 20},
                                                      {"sk_live_", 16},
                                                      {"xoxa-", 10},
                                                      {"xoxb-", 10},
                                                      {"xoxp-", 10},
                                                      {"xoxs-", 10}});
  if (!begins_word(text, at)) return std::nullopt;
  for (const auto& [prefix, least] : kKinds) {
    if (!text.substr(at).starts_with(prefix)) continue;
    const std::size_t end = end_of(text, at + prefix.size(), is_base64url);
    if (end - at - prefix.size() >= least) return span_of(text, at, end, "an access token");
  }
  return std::nullopt;
}

// "Bearer TOKEN", "Basic TOKEN"; but not "bearer authentication".
Found credentials(std::string_view text, std::size_t at) {
  constexpr std::size_t kShortest = 8;
  if (!begins_word(text, at)) return std::nullopt;
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (!has_word(text, at, scheme)) continue;
    const std::size_t begin = end_of(text, at + scheme.size(), is_blank);
    const std::size_t end = end_of(text, begin, is_token);
    const std::string_view token = text.substr(begin, end - begin);
    const bool is_word = token.size() < kShortest || std::none_of(token.begin() + 1, token.end(), [](char c) {
                           return is_digit(c) || is_upper(c) || c == '=';
                         });
    if (!is_word) return span_of(text, begin, end, "credentials of a request");
  }
  return std::nullopt;
}

// How many backslashes stand before `at`: texts are quoted in texts.
std::size_t escapes_before(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (count < at && text[at - count - 1] == '\\')
    ++count;
  return count;
}

// The name that stands before the separator, perhaps in quotes.
std::string_view name_before(std::string_view text, std::size_t separator) {
  std::size_t end = separator;
  while (end > 0 && (is_blank(text[end - 1]) || text[end - 1] == '"' || text[end - 1] == '\'' || text[end - 1] == '\\'))
    --end;
  std::size_t begin = end;
  while (begin > 0 && is_name(text[begin - 1]))
    --begin;
  return text.substr(begin, end - begin);
}

// In quotes, up to their like: `"a\"b"`, and `\"a\"` where all of it is quoted once more. Unclosed: the line.
std::size_t end_of_quoted(std::string_view text, std::size_t begin, char quote, std::size_t escapes) {
  for (std::size_t at = begin; at < text.size() && text[at] != '\n'; ++at)
    if (text[at] == quote && escapes_before(text, at) <= escapes) return at - escapes_before(text, at);
  return std::min(text.find('\n', begin), text.size());
}

Found value_at(std::string_view text, std::size_t at, std::string_view name) {
  constexpr std::string_view kShape = "a value that is called like a secret";
  std::size_t begin = end_of(text, at, is_blank);
  const std::size_t quote = end_of(text, begin, [](char c) { return c == '\\'; });
  if (quote < text.size() && (text[quote] == '"' || text[quote] == '\''))
    return span_of(text, quote + 1, end_of_quoted(text, quote + 1, text[quote], quote - begin), kShape);
  if (is_header(name))
    return span_of(text, begin, std::min(text.find_first_of("\"'\\\r\n", begin), text.size()), kShape);
  // What is inside of it is looked at by itself.
  if (begin < text.size() && (text[begin] == '{' || text[begin] == '[')) return std::nullopt;
  std::size_t end = std::min(text.find_first_of(" \t\r\n\"'\\", begin), text.size());
  while (end > begin && std::string_view{",;)]}"}.find(text[end - 1]) != kNowhere)
    --end;
  const std::string_view value = text.substr(begin, end - begin);
  for (const std::string_view nothing : {"null", "true", "false", "nil", "<nil>", "<none>"})
    if (value == nothing) return std::nullopt;
  return span_of(text, begin, end, kShape);
}

// "password=hunter2", `"token": "…"`, "Authorization: …".
Found named_value(std::string_view text, std::size_t at) {
  if ((text[at] != ':' && text[at] != '=') || text.substr(at, 3) == "://") return std::nullopt;
  const std::string_view name = name_before(text, at);
  if (!names_secret(name)) return std::nullopt;
  const bool is_double = text.substr(at, 2) == ":=" || text.substr(at, 2) == "==";
  return value_at(text, at + (is_double ? 2 : 1), name);
}

// "--password hunter2".
Found flag_value(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "--" || !begins_word(text, at)) return std::nullopt;
  const std::size_t end = end_of(text, at + 2, is_name);
  if (end >= text.size() || !is_blank(text[end]) || !names_secret(text.substr(at, end - at))) return std::nullopt;
  return value_at(text, end, text.substr(at, end - at));
}

}  // namespace

bool names_secret(std::string_view name) {
  constexpr auto kEnds = std::to_array<std::string_view>(
      {"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey",
       "credential", "credentials", "authorization", "cookie", "dockerconfigjson", "dockercfg"});
  const std::string letters = plain(name);
  if (std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return letters.ends_with(end); }))
    return true;
  // These are also the ends of other words ("bypass", "oauth").
  const std::size_t parted = name.find_last_of("-_.");
  const std::string last = plain(parted == kNowhere ? name : name.substr(parted + 1));
  return last == "pass" || last == "auth";
}

std::optional<SecretSpan> find_secret(std::string_view text, std::size_t from) {
  using Shape = Found (*)(std::string_view, std::size_t);
  static constexpr auto kShapes = std::to_array<Shape>(
      {private_key, user_info, json_web_token, well_known_token, credentials, named_value, flag_value});
  for (std::size_t at = from; at < text.size(); ++at)
    for (const Shape shape : kShapes)
      if (const Found found = shape(text, at)) return found;
  return std::nullopt;
}

std::string masked(std::string_view text) {
  std::string kept;
  std::size_t at = 0;
  while (const auto secret = find_secret(text, at)) {
    kept.append(text, at, secret->begin - at).append(kMask);
    at = secret->end;
  }
  return kept.append(text, at, kNowhere);
}

std::optional<std::string_view> secret_left_in(std::string_view text) {
  if (const auto found = find_secret(text)) return found->shape;
  if (text.find("PRIVATE KEY-----") != kNowhere) return "a part of a private key";
  // "-----BEGIN PRIVATE KEY" and its like, and a web token's `{"alg":"`, encoded.
  for (const std::string_view encoded :
       {"LS0tLS1CRUdJTiBQUklWQVRF", "LS0tLS1CRUdJTiBSU0EgUFJJVkFU", "LS0tLS1CRUdJTiBFQyBQUklWQVRF",
        "LS0tLS1CRUdJTiBPUEVOU1NIIFBS", "LS0tLS1CRUdJTiBFTkNSWVBURUQg", "ZXlKaGJHY2lPaU"})
    if (text.find(encoded) != kNowhere) return "a key in base64";
  return std::nullopt;
}

}  // namespace migrate::support
