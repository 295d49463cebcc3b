#include "test/workloads/protocol/replay_protocol.h"

#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

namespace orders {

std::string control_queue_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return std::string("ms2m.control.") + name.data();
}

ReplayProtocol::Change ReplayProtocol::on_control_message(std::string_view body) {
  const auto message = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return Change::none;
  const auto type = message.find("type");
  if (type == message.end() || !type->is_string()) return Change::none;

  if (*type == "START_REPLAY") {
    const auto queue = message.value(nlohmann::json::json_pointer("/payload/queue"), nlohmann::json{});
    if (!queue.is_string() || (replaying() && queue.get<std::string>() == *replay_queue_)) return Change::none;  // told twice: already there
    replay_queue_ = queue.get<std::string>();
    return Change::start_replay;
  }
  if (*type == "END_REPLAY" && replaying()) {
    replay_queue_.reset();
    return Change::end_replay;
  }
  return Change::none;
}

}  // namespace orders
