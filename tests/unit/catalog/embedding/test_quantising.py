import numpy as np

from indexer.catalog.embedding.quantising import BLOCK, quantise_matrix


def test_a_matrix_in_8_bits_is_off_by_half_a_step_of_its_block() -> None:
    matrix = np.random.default_rng(0).normal(size=(4 * BLOCK, 5)).astype(np.float32)
    matrix[:BLOCK] *= 100  # a loud block costs the others nothing

    numbers, scales = quantise_matrix(matrix)

    restored = (numbers.astype(np.float32) - 128) * scales.reshape(5, 4, 1)
    steps = np.repeat(scales.reshape(5, 4), BLOCK, axis=1).T
    assert numbers.shape == (5, 4, BLOCK)
    assert (np.abs(restored.reshape(5, -1).T - matrix) <= 0.51 * steps).all()


def test_a_block_of_zeros_stays_zeros() -> None:
    numbers, scales = quantise_matrix(np.zeros((BLOCK, 1), dtype=np.float32))

    assert (numbers == 128).all()
    assert (scales > 0).all()
