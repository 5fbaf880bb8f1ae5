"""The paper's simulation: is a wavelet found again that is known to be there?"""
