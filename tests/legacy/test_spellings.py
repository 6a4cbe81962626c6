"""A program written with old argument names trains under `cornu run`."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout
from keras.layers import LSTM, Convolution2D, MaxPooling2D, Flatten

x, y = np.ones((8, 4)), np.zeros((8, 1))
model = Sequential()
model.add(Dense(output_dim=6, input_dim=4, init='uniform', activation='relu'))
model.add(Dropout(p=0.2))
model.add(Dense(1, activation='sigmoid'))
model.compile('sgd', 'mse', ['mae'])
model.fit(x, y, nb_epoch=1, verbose=0)
model.fit_generator(((x, y) for _ in range(9)), steps_per_epoch=2, nb_epoch=2, verbose=0)
print(len(model.evaluate(x, y, verbose=0)), model.predict_classes(x).shape)
first = model.layers[0].get_config()
print(first['units'], first['kernel_initializer']['class_name'], 'output_dim' in first)

images = Sequential()
images.add(Convolution2D(2, 3, 3, border_mode='same', input_shape=(8, 8, 1)))
images.add(MaxPooling2D(pool_size=(2, 2), border_mode='valid'))
images.add(Flatten())
print(images.output_shape)

steps = Sequential()
steps.add(LSTM(3, input_dim=2, input_length=5, implementation=2))
print(steps.input_shape, steps.output_shape)
"""


def test_a_program_with_old_spellings() -> None:
    command = [sys.executable, "-m", "cornu", "run", "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2 (8, 1)",
        "6 RandomUniform False",
        "(None, 32)",
        "(None, 5, 2) (None, 3)",
    ]
    assert "Dense: `output_dim`: old spelling, write `units`." in done.stderr
    assert done.stderr.count("`output_dim`") == 1
