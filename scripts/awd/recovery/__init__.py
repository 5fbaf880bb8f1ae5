"""The paper's simulation: is a known wavelet recovered from a network?"""
