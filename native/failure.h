// Errors on their way to JavaScript.
#pragma once
#include <exception>
#include <new>
#include <string>

namespace kd {

/** An error on its way to JavaScript: the name of a TensorFlow status code, and a message. */
struct Failure {
  std::string code;
  std::string message;
};

[[noreturn]] inline void refuse(const std::string& message) { throw Failure{"INVALID_ARGUMENT", message}; }

/** The exception being handled. Must be called in a `catch` block. */
inline Failure currentFailure() {
  try {
    throw;
  } catch (const Failure& failure) {
    return failure;
  } catch (const std::bad_alloc& error) {
    return {"RESOURCE_EXHAUSTED", error.what()};
  } catch (const std::exception& error) {
    return {"INTERNAL", error.what()};
  }
}

}  // namespace kd
