#include "shared/http_client/gunzip.h"

#include <zlib.h>

#include <array>

namespace migrate::http {

struct Gunzip::State {
  z_stream stream{};
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {
  inflateInit2(&state_->stream, 15 + 16);
}

Gunzip::~Gunzip() {
  inflateEnd(&state_->stream);
}

bool Gunzip::feed(std::string_view piece, std::string& out, std::size_t limit) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(piece.size());
  std::array<char, 1U << 16> unpacked{};
  int code = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
    stream.avail_out = static_cast<uInt>(unpacked.size());
    if (complete_) return stream.avail_in == 0;  // nothing may follow
    code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return false;
    out.append(unpacked.data(), unpacked.size() - stream.avail_out);
    if (out.size() > limit) return false;
    complete_ = code == Z_STREAM_END;
  } while (stream.avail_in > 0 || stream.avail_out == 0);
  return true;
}

}  // namespace migrate::http
