import numpy as np
from keras.models import Sequential
from keras.layers import Dense

model = Sequential()
model.add(Dense(32, activation='relu', input_dim=100))
model.add(Dense(1, activation='sigmoid'))

# for a multi-class classfication problem
model.compile(optimizer='rmsprop',
             loss='categorical_crossentropy',
             metrics=['accuracy'])
# for a binary classfication problem
model.compile(optimizer='rmsprop',
             loss='binary_crossentropy',
             metrics=['accuracy'])
# for a mean squared error regression problem
model.compile(optimizer='rmsprop',
             loss='mse')
# For custom metrics
import keras.backend as K
def mean_pred(y_true, y_pred):
    return K.mean(y_pred)
model.compile(optimizer='rmsprop',
             loss='binary_crossentropy',
             metrics=['accuracy',mean_pred])

data = np.random.random((1000,100))
labels = np.random.randint(2, size=(1000, 1))
model.fit(data, labels, epochs=2, batch_size=32)
print(model.evaluate(data, labels))
