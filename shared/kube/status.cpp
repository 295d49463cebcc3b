#include "shared/kube/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace migrate::kube {
namespace {

using Kind = ApiError::Kind;

std::string string_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Kind kind_of(const std::string& reason, unsigned code) {
  if (reason == "AlreadyExists") return Kind::already_exists;
  if (reason == "Timeout" || reason == "ServerTimeout") return Kind::timeout;
  switch (code) {
    case 400:
    case 422:
      return Kind::invalid;
    case 401:
      return Kind::unauthorized;
    case 403:
      return Kind::forbidden;
    case 404:
      return Kind::not_found;
    case 409:
      return Kind::conflict;
    case 410:
      return Kind::expired;
    case 429:
      return Kind::too_many_requests;
    case 504:
      return Kind::timeout;
    case 408:
      return Kind::timeout;
    default:
      return code / 100 == 4 ? Kind::invalid : Kind::server;  // no repetition makes it another one
  }
}

std::optional<std::chrono::seconds> seconds_of(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (code != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return std::chrono::seconds{seconds};
}

// The beginning of a body that should have been JSON, on one line.
std::string first_words(const std::string& body) {
  std::string words;
  for (const char c : body.substr(0, 400)) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (space && (words.empty() || words.back() == ' ')) continue;
    words += space ? ' ' : c;
    if (words.size() >= 120) return printable(words) + "...";
  }
  return printable(words);
}

std::string cause_line(const ApiError::Cause& cause) {
  return cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
}

}  // namespace

std::string ApiError::text() const {
  std::string said;
  if (http_code == 0 || kind == Kind::malformed) {
    said = message;
  } else if (kind == Kind::unauthorized) {
    said = fmt::format("You must be logged in to the server ({})", message);
  } else if (reason == "Invalid") {
    said = details_kind.empty() && details_name.empty()
               ? "The request is invalid"
               : fmt::format("The {} \"{}\" is invalid", details_kind, details_name);
    if (causes.empty()) said += ": " + message;
    if (causes.size() == 1) said += ": " + cause_line(causes.front());
    if (causes.size() > 1) {
      said += ": ";
      for (const Cause& cause : causes)
        said += "\n* " + cause_line(cause);
    }
  } else if (reason.empty()) {
    said = "Error from server: " + message;
  } else {
    said = fmt::format("Error from server ({}): {}", reason, message);
  }
  if (may_have_run) said += " (whether it was carried out is not known: look before repeating it)";
  return said;
}

ApiError error_of_status(const Json& status, unsigned http_code) {
  ApiError error;
  error.http_code = http_code;
  if (const auto code = status.find("code"); code != status.end() && code->is_number_integer())
    error.http_code = code->get<unsigned>();
  error.reason = string_at(status, "reason");
  error.message = printable(string_at(status, "message"));
  if (const auto details = status.find("details"); details != status.end() && details->is_object()) {
    error.details_kind = string_at(*details, "kind");
    error.details_name = string_at(*details, "name");
    if (const auto wait = details->find("retryAfterSeconds"); wait != details->end() && wait->is_number_integer())
      error.retry_after =
          std::chrono::seconds{std::clamp(wait->get<std::int64_t>(), std::int64_t{0}, std::int64_t{86'400})};
    if (const auto causes = details->find("causes"); causes != details->end() && causes->is_array())
      for (const Json& cause : *causes)
        if (cause.is_object())
          error.causes.push_back(
              {string_at(cause, "reason"), printable(string_at(cause, "message")), string_at(cause, "field")});
  }
  error.kind = kind_of(error.reason, error.http_code);
  return error;
}

ApiError error_of(const http::HttpResponse& response, const std::string& attempt) {
  const auto waiting = seconds_of(http::find_header(response.headers, "Retry-After"));
  const Json status = Json::parse(response.body, nullptr, false);
  if (status.is_object() && string_at(status, "kind") == "Status") {
    ApiError error = error_of_status(status, response.status);
    if (waiting) error.retry_after = waiting;
    return error;
  }
  // Proxies and the API server's own mux answer in plain text or HTML; the code is all that can be relied on.
  ApiError error;
  error.http_code = response.status;
  error.kind = kind_of("", response.status);
  error.retry_after = waiting;
  const std::string* type = http::find_header(response.headers, "Content-Type");
  error.message =
      fmt::format("{}: HTTP {}{}: {}", attempt, response.status, type != nullptr ? " with " + printable(*type) : "",
                  response.body.empty() ? "(empty)" : first_words(response.body));
  return error;
}

ApiError error_of(const http::HttpError& broken, const std::string& attempt) {
  using Http = http::HttpError::Kind;
  ApiError error;
  switch (broken.kind) {
    case Http::connect:
    case Http::cut_off:
      error.kind = Kind::connection;
      break;
    case Http::tls:
      error.kind = Kind::tls;
      break;
    case Http::deadline:
      error.kind = Kind::deadline;
      break;
    case Http::cancelled:
      error.kind = Kind::cancelled;
      break;
    case Http::protocol:
      error.kind = broken.may_have_run ? Kind::malformed : Kind::local;
      break;
  }
  // kubectl's sentences about a server that cannot be reached stand alone.
  error.message =
      broken.kind == Http::connect || broken.kind == Http::tls ? broken.message : attempt + ": " + broken.message;
  return error;
}

ApiError local_error(std::string message, ApiError::Kind kind) {
  ApiError error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

ApiResult<Json> parse_json(const std::string& body, const std::string& attempt) {
  Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_discarded() && parsed.is_object()) return parsed;
  const bool begins_like_json = !body.empty() && body.front() == '{';
  return tl::make_unexpected(
      local_error(fmt::format("{}: the server's answer is {}: {}", attempt,
                              begins_like_json ? "truncated or damaged JSON" : "not a JSON object",
                              body.empty() ? "(empty)" : first_words(body)),
                  Kind::malformed));
}

std::string printable(std::string_view text) {
  std::string clean{text};
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  return clean;
}

}  // namespace migrate::kube
