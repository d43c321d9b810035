// Makes tensors from typed arrays, and lends tensors to JavaScript as ArrayBuffers.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <node_api.h>
#include <tensorflow/c/c_api.h>
#include "failure.h"
#include "js_values.h"
#include "owned_tensor.h"

namespace kd {

/** `[32, 77]`; `?` for an unknown size */
inline std::string shapeText(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) {
    if (i > 0) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

/** Whether a typed array holds values in the same form as tensors of a type. */
inline bool holds(napi_typedarray_type array, TF_DataType type) {
  switch (type) {
    case TF_FLOAT: return array == napi_float32_array;
    case TF_INT32: return array == napi_int32_array;
    case TF_BOOL: return array == napi_uint8_array;
    default: return false;
  }
}

/** Whether JavaScript can read values of a type as they are. */
inline bool isReadable(TF_DataType type) { return type == TF_FLOAT || type == TF_INT32 || type == TF_BOOL; }

/** The most dimensions of a tensor: TensorFlow ends the process if there are more. */
constexpr size_t kMostDimensions = 254;

/**
 * A tensor with the values of a typed array. They are copied: TensorFlow may keep a feed as the value of a variable,
 * and JavaScript may write to the array afterwards.
 */
inline Tensor tensorOf(const std::string& name, TF_DataType type, const std::vector<int64_t>& shape,
                       const Bytes& values) {
  if (!holds(values.type, type)) refuse("feed " + name + ": expected a typed array of its dtype");
  if (shape.size() > kMostDimensions)
    refuse("feed " + name + ": expected at most " + std::to_string(kMostDimensions) + " dimensions, got " +
           std::to_string(shape.size()));
  size_t length = TF_DataTypeSize(type);
  for (int64_t size : shape) {
    if (size < 0) refuse("feed " + name + ": expected a shape, got " + shapeText(shape));
    if (__builtin_mul_overflow(length, static_cast<size_t>(size), &length)) refuse("feed " + name + ": too large");
  }
  if (values.length != length)
    refuse("feed " + name + ": expected " + std::to_string(length) + " bytes for shape " + shapeText(shape) +
           ", got " + std::to_string(values.length));
  Tensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), length), TF_DeleteTensor);
  if (tensor == nullptr)
    throw Failure{"RESOURCE_EXHAUSTED", "feed " + name + ": no memory for its " + std::to_string(length) + " bytes"};
  if (length > 0) std::memcpy(TF_TensorData(tensor.get()), values.data, length);
  return tensor;
}

/** A fetched tensor, kept as long as JavaScript can see its memory, or until it is released. */
using Memory = std::shared_ptr<Tensor>;

/** Tensors of fewer bytes are copied, which costs less than keeping track of TensorFlow's memory. */
constexpr size_t kLeastLent = 16384;
/** The alignment, in bytes, that V8 requires of a buffer's memory. */
constexpr uintptr_t kAlignment = 8;

/** Called when a JavaScript object is garbage-collected: drops its share of the memory. */
inline void dropMemory(napi_env, void*, void* hint) { delete static_cast<Memory*>(hint); }

inline void copyValues(napi_env env, const TF_Tensor* tensor, napi_value* buffer) {
  void* data = nullptr;
  const size_t length = TF_TensorByteSize(tensor);
  check(env, napi_create_arraybuffer(env, length, &data, buffer));
  if (length > 0) std::memcpy(data, TF_TensorData(tensor), length);
}

/** Lends a tensor's own memory as an ArrayBuffer; false if JavaScript cannot use it, or it is too small to be lent. */
inline bool lendValues(napi_env env, const Memory& memory, napi_value* buffer) {
  void* data = TF_TensorData(memory->get());
  const size_t length = TF_TensorByteSize(memory->get());
  if (length < kLeastLent || reinterpret_cast<uintptr_t>(data) % kAlignment != 0) return false;
  auto held = std::make_unique<Memory>(memory);
  if (napi_create_external_arraybuffer(env, data, length, dropMemory, held.get(), buffer) != napi_ok) return false;
  held.release();
  return true;
}

/** `{ dtype, shape, buffer, memory }`, the last undefined if the buffer is JavaScript's own. */
inline napi_value resultOf(napi_env env, Tensor tensor) {
  napi_value result = nullptr, dtype = nullptr, shape = nullptr, buffer = nullptr;
  check(env, napi_create_object(env, &result));
  check(env, napi_create_int32(env, TF_TensorType(tensor.get()), &dtype));
  check(env, napi_set_named_property(env, result, "dtype", dtype));
  check(env, napi_create_array(env, &shape));
  for (int i = 0; i < TF_NumDims(tensor.get()); i++) {
    napi_value size = nullptr;
    check(env, napi_create_int64(env, TF_Dim(tensor.get(), i), &size));
    check(env, napi_set_element(env, shape, i, size));
  }
  check(env, napi_set_named_property(env, result, "shape", shape));
  const Memory memory = std::make_shared<Tensor>(std::move(tensor));
  if (lendValues(env, memory, &buffer)) {
    napi_value handle = nullptr;
    auto held = std::make_unique<Memory>(memory);
    check(env, napi_create_external(env, held.get(), dropMemory, held.get(), &handle));
    held.release();
    check(env, napi_set_named_property(env, result, "memory", handle));
  } else {
    copyValues(env, memory->get(), &buffer);
  }
  check(env, napi_set_named_property(env, result, "buffer", buffer));
  return result;
}

/**
 * Frees the memory of a result now, instead of when Node drops it, turns of its event loop later.
 *
 * @param memory as returned by `resultOf` with the buffer
 */
inline void releaseResult(napi_env env, napi_value buffer, napi_value memory) {
  check(env, napi_detach_arraybuffer(env, buffer));
  if (isUndefined(env, memory)) return;
  void* data = nullptr;
  check(env, napi_get_value_external(env, memory, &data));
  (*static_cast<Memory*>(data))->reset();
}

}  // namespace kd
