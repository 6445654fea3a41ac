"""Fit a line with Keras, on a GPU if TensorFlow sees one."""

import numpy as np
import tensorflow as tf


def train(epochs: int = 60) -> tuple[float, float]:
    """Return slope and offset as learnt from noisy points on the line y = 2 x + 1."""
    tf.keras.utils.set_random_seed(0)
    x = np.linspace(-1, 1, 256, dtype=np.float32)[:, np.newaxis]
    y = 2 * x + 1 + np.random.default_rng(0).normal(0, 0.05, x.shape).astype(np.float32)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(optimizer=tf.keras.optimizers.Adam(0.05), loss="mse")
    model.fit(x, y, epochs=epochs, verbose=0)
    slope, offset = model.layers[0].get_weights()
    return float(slope[0, 0]), float(offset[0])


if __name__ == "__main__":
    print(f"tensorflow {tf.__version__}, GPUs: {len(tf.config.list_physical_devices('GPU'))}")
    slope, offset = train()
    print(f"y = {slope:.1f} x + {offset:.1f}")
