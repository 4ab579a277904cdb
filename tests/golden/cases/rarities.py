"""Ops that few graphs have: samples of rarer distributions, decompositions, Fourier transforms, special functions."""
import numpy as np

from golden_lib import R, each, family, tf, v1


@family("samples")
def gamma(s):
    for opened, dtype in each(s, "gamma", ["float32", "float64", "float16"], exact=True):
        with opened as c:
            alpha = c.feed(np.array([0.02, 0.3, 1, 1.7, 40, 900], dtype))
            c.step([R.RandomGamma(shape=[9], alpha=alpha, seed=c.integer(1, 99), seed2=c.integer(0, 9))], times=2)
            c.step([R.StatelessRandomGammaV2(shape=[4, 6], seed=[3, c.integer(1, 99)], alpha=alpha)])
    with s.case("gamma_of_ends", exact=True) as c:
        c.fetch(R.RandomGamma(shape=[3], alpha=c.feed(np.float32([0, -0.5, np.inf])), seed=4), R.RandomGamma(
            shape=[0, 2], alpha=c.input([3]), seed=4), R.RandomGamma(shape=[2], alpha=c.input([0]), seed=4))
    with s.case("gamma_refuses_shape", error=True) as c:
        c.fetch(R.StatelessRandomGammaV2(shape=c.feed(np.int32([4, 2])), seed=[1, 2], alpha=c.feed(c.array([3]), shape=None)))


@family("samples")
def poisson(s):
    for opened, dtype in each(s, "poisson", ["float32", "float64", "float16", "int32"], exact=True):
        with opened as c:
            rate = c.feed(np.array([0, 1, 5, 9, 10, 11, 50, 7000], dtype))
            c.step([R.RandomPoissonV2(shape=[5, 2], rate=rate, seed=c.integer(1, 99), dtype=to)
                    for to in ("int64", "float16")], times=2)
            c.step([R.StatelessRandomPoisson(shape=[9, 8], seed=[3, c.integer(1, 99)], lam=rate, dtype="float64")])
    with s.case("poisson_of_ends", exact=True) as c:
        rate = c.feed(np.array([-1, np.inf, 0.5]))
        c.fetch(*[R.RandomPoissonV2(shape=[5], rate=rate, seed=4, dtype=to) for to in ("int64", "float32")])


@family("samples")
def binomial(s):
    for opened, dtype in each(s, "binomial", ["float32", "float64", "float16"], exact=True):
        with opened as c:
            counts, probs = c.feed(np.array([[7], [300], [0]], dtype)), c.feed(np.array([0, 0.02, 0.3, 0.6, 0.97, 1], dtype))
            for to in ("int32", "float16"):
                c.fetch(R.StatelessRandomBinomial(shape=[5, 3, 6], seed=[3, c.integer(1, 99)], counts=counts, probs=probs, dtype=to))


@family("samples")
def bounded(s):
    lows, highs = [-2, 1, -np.inf, 4, -0.5, -9], [4, 3, 2, 9, 0.5, -8]
    for opened, dtype in each(s, "bounded", ["float32", "float64", "float16"], exact=True):
        with opened as c:
            parts = [c.feed(np.array(v, dtype)) for v in ([0, 0.1, 1, 0, 0, 0], [1, 2, 0.5, 1, 2, 1], lows, highs)]
            c.step([R.ParameterizedTruncatedNormal(shape=[6, 7], means=parts[0], stdevs=parts[1], minvals=parts[2],
                                                   maxvals=parts[3], seed=3, seed2=c.integer(0, 9))], times=2)
            c.step([R.ParameterizedTruncatedNormal(shape=[30], means=np.array(0, dtype), stdevs=np.array([1], dtype),
                                                   minvals=np.array(0.5, dtype), maxvals=np.array(np.inf, dtype), seed=5)], times=2)
            c.step([R.StatelessParameterizedTruncatedNormal(shape=[3, 6], seed=[3, 4], means=parts[0], stddevs=np.array(1, dtype),
                                                            minvals=parts[2], maxvals=parts[3])])
    for name, values in {"deviation": (0, -1, 1, 2), "order": (0, 1, 2, 1), "infinities": (0, 1, -np.inf, np.inf)}.items():
        with s.case("bounded_refuses_" + name, error=True) as c:
            m, d, a, b = [np.float32(v) for v in values]
            c.fetch(R.ParameterizedTruncatedNormal(shape=[3], means=c.feed(m), stdevs=d, minvals=a, maxvals=b))


@family("samples")
def state(s):
    with s.case("from_variables", exact=True) as c:
        x = v1.get_variable("state", initializer=np.int64([5, -1, 77]), use_resource=True)
        c.init(x.initializer)
        h = x.handle
        draws = [R.StatefulUniform(resource=h, algorithm=1, shape=[7]),
                 R.StatefulStandardNormalV2(resource=h, algorithm=1, shape=[2, 2], dtype="float64"),
                 R.StatefulTruncatedNormal(resource=h, algorithm=1, shape=[5]),
                 R.StatefulUniformFullInt(resource=h, algorithm=1, shape=[3]),
                 R.StatefulUniformInt(resource=h, algorithm=1, shape=[9], minval=np.int32(-4), maxval=np.int32(9)),
                 R.StatefulRandomBinomial(resource=h, algorithm=1, shape=[4, 2], counts=np.float32([9, 90]), probs=np.float32(0.4)),
                 R.RngReadAndSkip(resource=h, alg=1, delta=np.uint64(6))]
        for draw in draws:
            c.step([draw], times=2)
        c.step([], run=[R.RngSkip(resource=h, algorithm=1, delta=np.int64(3))])
        c.step([x.read_value()])
    for name, value in {"size": [1, 2], "rank": [[1, 2, 3]]}.items():
        with s.case("state_refuses_" + name, error=True) as c:
            x = v1.get_variable("state", initializer=np.int64(value), use_resource=True)
            c.init(x.initializer)
            c.fetch(R.StatefulUniform(resource=x.handle, algorithm=1, shape=[7]))
    with s.case("state_refuses_algorithm", error=True) as c:
        x = v1.get_variable("state", initializer=np.int64([1, 2, 3]), use_resource=True)
        c.init(x.initializer)
        c.fetch(R.StatefulUniform(resource=x.handle, algorithm=c.feed(np.int64(9)), shape=[7]))


SPECIAL = {"BesselI0": 40, "BesselI1": 40, "BesselJ0": 60, "BesselJ1": 60, "BesselY0": 60, "BesselY1": 60, "BesselK0": 60,
           "BesselK1": 60, "BesselK0e": 90, "BesselK1e": 90, "Dawsn": 70, "Expint": 70, "FresnelCos": 20, "FresnelSin": 20, "Spence": 40}


@family("special")
def special(s):
    for dtype, rtol, atol in (("float32", 2e-5, 4e-6), ("float64", 1e-12, 4e-14)):
        with s.case(f"of_one_{dtype}", rtol=rtol, atol=atol) as c:
            for op, far in SPECIAL.items():
                x = np.concatenate([c.array([12], dtype, 0, 4), c.array([12], dtype, 0, far)])
                if op[:7] not in ("BesselY", "BesselK", "Expint", "Spence"):
                    x = np.concatenate([x, -x])
                c.fetch(getattr(R, op)(x=c.feed(x)))
    with s.case("ends", rtol=1e-6) as c:
        x = c.feed(np.float64([np.nan, -np.inf, np.inf, 0, 1e-30, 1e-9, 1e3]))
        c.fetch(*[getattr(R, op)(x=x) for op in SPECIAL])


@family("special")
def gamma_gradients(s):
    for dtype, rtol in (("float32", 1e-3), ("float64", 1e-7)):
        with s.case(f"gradients_{dtype}", rtol=rtol, atol=1e-9) as c:
            a = np.concatenate([c.array([60], dtype, 0.05, 9), c.array([20], dtype, 9, 90), np.array([1, np.inf, 2, np.nan, -1, 0], dtype)])
            x = np.concatenate([c.array([60], dtype, 0.05, 9), c.array([20], dtype, 9, 90), np.array([0, 1, np.inf, 1, 1, 1], dtype)])
            c.fetch(R.IgammaGradA(a=c.feed(a), x=c.feed(x)), R.RandomGammaGrad(alpha=c.feed(a), sample=c.feed(x)))


@family("fourier")
def fourier(s):
    shapes = {"": [[16], [3, 7], [1], [0], [2, 12], [37]], "2D": [[4, 6], [2, 5, 8]], "3D": [[2, 3, 4, 5]]}
    for suffix, some in shapes.items():
        for kind, rtol, atol in (("complex64", 1e-4, 3e-6), ("complex128", 1e-10, 1e-13)):
            real = "float32" if kind == "complex64" else "float64"
            with s.case(f"complex{suffix}_{kind}", rtol=rtol, atol=8 * atol) as c:
                for shape in some:
                    x = c.input(shape, kind)
                    c.fetch(getattr(R, "FFT" + suffix)(input=x), getattr(R, "IFFT" + suffix)(input=x))
            with s.case(f"real{suffix}_{kind}", rtol=rtol, atol=8 * atol) as c:
                for shape in some:
                    if 0 in shape:
                        continue
                    axes = int(suffix[:1] or 1)
                    x, y = c.input(shape, real), c.input(shape[:-1] + [shape[-1] // 2 + 1], kind)
                    for less in (0, 1) if min(shape) > 1 else (0,):
                        n = np.int32(shape[-axes:]) - less
                        c.fetch(getattr(R, "RFFT" + suffix)(input=x, fft_length=n, Tcomplex=kind),
                                getattr(R, "IRFFT" + suffix)(input=y, fft_length=n, Treal=real))
    with s.case("refuses_length", error=True) as c:
        c.fetch(R.RFFT(input=c.input([2, 3]), fft_length=c.feed(np.int32([4]))))
    with s.case("refuses_lengths", error=True) as c:
        c.fetch(R.IRFFT(input=c.input([2, 3], "complex64"), fft_length=c.feed(np.int32([4, 4]), shape=None)))


def square(c, shape, dtype):
    x = c.array(shape, dtype)
    return c.feed((x + np.conj(np.swapaxes(x, -1, -2))).astype(dtype))


@family("decompose")
def decompose(s):
    """Vectors are compared by what they make, since their signs are free."""
    for dtype, rtol, atol in (("float32", 1e-3, 2e-5), ("float64", 1e-9, 1e-11), ("complex64", 1e-3, 2e-5)):
        with s.case(f"eigen_{dtype}", rtol=rtol, atol=atol) as c:
            for shape in ([2, 5, 5], [1, 1]):
                x = square(c, shape, dtype)
                e, v = R.SelfAdjointEigV2(input=x)
                c.fetch(e, tf.matmul(v * e[..., None, :], v, adjoint_b=True), R.SelfAdjointEigV2(input=x, compute_v=False)[0])
        with s.case(f"singular_{dtype}", rtol=rtol, atol=atol) as c:
            for shape in ([2, 3, 5], [6, 3]):
                x = c.input(shape, dtype)
                d, u, v = R.Svd(input=x)
                full = R.Svd(input=x, full_matrices=True)
                c.fetch(d, tf.matmul(u * d[..., None, :], v, adjoint_b=True), R.Svd(input=x, compute_uv=False)[0],
                        tf.matmul(full[1], full[1], adjoint_a=True), tf.matmul(full[2], full[2], adjoint_a=True))
        with s.case(f"lu_{dtype}", rtol=rtol, atol=atol) as c:
            c.fetch(*R.Lu(input=c.input([3, 5, 5], dtype)))
        if dtype[0] == "f":
            with s.case(f"cholesky_grad_{dtype}", rtol=rtol, atol=atol) as c:
                lower = np.tril(c.array([2, 5, 5], dtype, 1, 2))
                c.fetch(R.CholeskyGrad(l=c.feed(lower), grad=c.input([2, 5, 5], dtype)))
    for dtype, rtol, atol in (("float32", 1e-3, 2e-5), ("float64", 1e-9, 1e-11), ("complex64", 1e-3, 2e-5), ("complex128", 1e-9, 1e-11)):
        with s.case(f"functions_of_matrices_{dtype}", rtol=rtol, atol=atol) as c:
            for shape in ([2, 5, 5], [1, 1]):
                x = c.feed((c.array(shape, dtype) / 2 + 2 * np.eye(shape[-1])).astype(dtype))
                c.fetch(R.MatrixSquareRoot(input=x))
                if dtype[0] == "c":
                    c.fetch(R.MatrixLogarithm(input=x))
        with s.case(f"eigen_of_any_{dtype}", rtol=rtol, atol=atol) as c:
            wide = "complex64" if dtype in ("float32", "complex64") else "complex128"
            for shape in ([2, 5, 5], [1, 1]):
                x = c.input(shape, dtype)
                e, v = R.Eig(input=x, Tout=wide)
                product = tf.matmul(v * e[..., None, :], tf.linalg.inv(v))   # x, from which the order is gone
                c.fetch(product, tf.reduce_sum(tf.abs(v) ** 2, -2), tf.reduce_sum(R.Eig(input=x, Tout=wide, compute_v=False)[0], -1))
                if dtype[0] == "c":
                    c.fetch(e)
        with s.case(f"banded_{dtype}", rtol=rtol, atol=atol) as c:
            for lower in (True, False):
                for adjoint in (True, False):
                    for bands, sides in (([3, 6], [2, 6, 2]), ([2, 1, 4], [2, 4, 1])):
                        c.fetch(R.BandedTriangularSolve(matrix=c.feed(c.array(bands, dtype, 1, 2)), rhs=c.input(sides, dtype), lower=lower, adjoint=adjoint))
    with s.case("lu_refuses_singular", error=True) as c:
        c.fetch(*R.Lu(input=c.feed(np.float32([[1, 2], [2, 4]]))))
    with s.case("singular_of_rank_one", rtol=1e-4, atol=1e-6) as c:
        d, u, v = R.Svd(input=c.feed(np.float32(np.outer([1, 2, 3], [4, 5]))))
        c.fetch(d, tf.matmul(u * d[None], v, adjoint_b=True), tf.matmul(u, u, adjoint_a=True))


@family("decompose")
def diagonals(s):
    for dtype, rtol, atol in (("float32", 1e-3, 2e-5), ("complex128", 1e-9, 1e-11)):
        with s.case(f"tridiagonal_{dtype}", rtol=rtol, atol=atol) as c:
            d, x = c.array([2, 3, 6], dtype), c.input([2, 6, 2], dtype)
            d[:, 1] += 5
            c.fetch(R.TridiagonalSolve(diagonals=c.feed(d), rhs=x), R.TridiagonalSolve(diagonals=c.feed(d), rhs=x, partial_pivoting=False),
                    R.TridiagonalMatMul(superdiag=c.feed(d[:, :1]), maindiag=c.feed(d[:, 1:2]), subdiag=c.feed(d[:, 2:]), rhs=x))
    with s.case("tridiagonal_pivots", rtol=1e-5, atol=1e-6) as c:
        c.fetch(R.TridiagonalSolve(diagonals=c.feed(np.float32([[1, 2, 9], [0, 5, 6], [9, 1, 2]])), rhs=c.input([3, 2])),
                R.TridiagonalSolve(diagonals=c.feed(np.float32([[1, 2, 9], [0, 0, 0], [9, 0, 2]])), rhs=c.input([3, 2])))
    for dtype, rtol, atol in (("float32", 1e-3, 2e-5), ("float64", 1e-8, 1e-10), ("complex64", 1e-3, 2e-5)):
        with s.case(f"least_squares_{dtype}", rtol=rtol, atol=atol) as c:
            for shape in ([6, 3], [2, 3, 6]):
                a, b = c.array(shape, dtype), c.input(shape[:-1] + [2], dtype)
                a += np.eye(*shape[-2:], dtype=dtype) * 4
                for fast, l2 in ((True, 0.5), (True, 0.0), (False, 0.0)):
                    c.fetch(R.MatrixSolveLs(matrix=c.feed(a), rhs=b, l2_regularizer=np.float64(l2), fast=fast))
    with s.case("least_squares_refuses_rank", error=True) as c:
        c.fetch(R.MatrixSolveLs(matrix=c.feed(np.ones([3, 2], np.float32)), rhs=c.input([3, 1]), l2_regularizer=np.float64(0)))
