// Reads and makes JavaScript values through Node-API. All functions must be called on Node's thread; they throw a
// `Failure`.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>
#include <node_api.h>
#include "failure.h"

namespace kd {

/** Throws Node's own message if a Node-API call failed. */
inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  refuse(info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API refused");
}

/** An Error with its `code`. */
inline napi_value errorOf(napi_env env, const Failure& failure) {
  napi_value code = nullptr, message = nullptr, error = nullptr;
  napi_create_string_utf8(env, failure.code.data(), failure.code.size(), &code);
  napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message);
  napi_create_error(env, code, message, &error);
  return error;
}

/** The memory of a typed array, valid until the current call returns to JavaScript. */
struct Bytes {
  napi_typedarray_type type;
  const void* data;
  size_t length;
};

inline Bytes bytesOf(napi_env env, napi_value value) {
  static const size_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};  // in the order of napi_typedarray_type
  bool isTypedArray = false;
  check(env, napi_is_typedarray(env, value, &isTypedArray));
  if (!isTypedArray) refuse("expected a typed array");
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (static_cast<size_t>(type) >= sizeof sizes / sizeof *sizes) refuse("expected a typed array of another kind");
  return {type, data, length * sizes[type]};
}

inline std::string textOf(napi_env env, napi_value value) {
  size_t length = 0;
  check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(env, napi_get_value_string_utf8(env, value, &text[0], length + 1, &length));
  return text;
}

inline bool isUndefined(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_undefined;
}

inline napi_value property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

inline void setText(napi_env env, napi_value object, const char* name, const std::string& text) {
  napi_value value = nullptr;
  check(env, napi_create_string_utf8(env, text.data(), text.size(), &value));
  check(env, napi_set_named_property(env, object, name, value));
}

inline void setNumber(napi_env env, napi_value object, const char* name, double number) {
  napi_value value = nullptr;
  check(env, napi_create_double(env, number, &value));
  check(env, napi_set_named_property(env, object, name, value));
}

inline std::vector<napi_value> elementsOf(napi_env env, napi_value array) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, array, &length));
  std::vector<napi_value> values(length);
  for (uint32_t i = 0; i < length; i++) check(env, napi_get_element(env, array, i, &values[i]));
  return values;
}

inline std::vector<int64_t> shapeOf(napi_env env, napi_value array) {
  std::vector<int64_t> shape;
  for (napi_value size : elementsOf(env, array)) {
    int64_t value = 0;
    check(env, napi_get_value_int64(env, size, &value));
    shape.push_back(value);
  }
  return shape;
}

constexpr size_t kMostArguments = 4;

/** Wraps a function for Node-API: what it throws becomes a JavaScript Error. */
template <napi_value (*function)(napi_env, const napi_value*)>
napi_value called(napi_env env, napi_callback_info info) {
  try {
    napi_value args[kMostArguments];  // missing ones are undefined
    size_t count = kMostArguments;
    check(env, napi_get_cb_info(env, info, &count, args, nullptr, nullptr));
    return function(env, args);
  } catch (...) {
    napi_throw(env, errorOf(env, currentFailure()));
    return nullptr;
  }
}

/** A function of an addon, as it is exported. */
template <napi_value (*function)(napi_env, const napi_value*)>
napi_property_descriptor exported(const char* name) {
  return {name, nullptr, called<function>, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
}

/** Exports functions of an addon, when it is loaded. */
inline napi_value exportAll(
    napi_env env, napi_value exports, std::initializer_list<napi_property_descriptor> functions) {
  napi_define_properties(env, exports, functions.size(), functions.begin());
  return exports;
}

}  // namespace kd
