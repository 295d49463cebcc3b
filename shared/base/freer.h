// For what a C library makes and wants back: std::unique_ptr<BIO, Freer<BIO_free>>.
#pragma once

namespace migrate {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

}  // namespace migrate
