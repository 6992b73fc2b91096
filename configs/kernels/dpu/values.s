; Kernels over stored values, row by row: sums, pools, softmax, norms, selection, look-up of rows,
; requantisation, gates of a recurrent cell. `take` unpacks COUNT values from what r1 points at to r3
; (or passes them on), `work` makes the output; both are macros of lib/values.s that the caller chooses.
; A row comes by DMA, its second operand (SECOND) behind it, and leaves by DMA.
; args (words): 0 multiplier, 1 shift, 8 zero point, 9 smallest, 10 largest output.
; jobs: four words a tasklet: MRAM address of its rows, of its outputs, rows, WRAM address of its frame.
; Defines: COUNT values of a row, IN bytes of a row, OUT bytes of an output (multiples of 8), SECOND,
; WIDTH bytes of an unpacked value, PACKED (values are unpacked), ROWS (rows by number: `rows`),
; CHANNELS of a window, KEEP selected, LOG a kernel's own.
        .equ  AT_B, IN
        .equ  AT_A8, 2 * IN             ; unpacked
        .equ  AT_B8, AT_A8 + COUNT * WIDTH + 8
        .equ  RESULT, 2 * IN + 2 * COUNT * WIDTH + 24 - (2 * COUNT * WIDTH) % 8
        .equ  FRAME, RESULT + OUT + 8       ; a word that a kernel may use
        .include "lib/requantise.s"
        .include "lib/values.s"

main:   move  r0, jobs
        lsl_add r0, r0, id, 4
        lw    r19, r0, 0
        lw    r18, r0, 4
        lw    r17, r0, 8
        lw    r22, r0, 12
        .if ROWS
        lw    r20, r0, 0                ; numbers of rows: their address in WRAM
        .endif
        jz    r17, done
row:
        .if ROWS
        lw    r0, r20, 0
        add   r20, r20, 4
        move  r1, IN
        call  r23, mul
        move  r19, r0
        .endif
        add   r5, r22, (IN / 8 - 1) << 24
        ldma  r5, r19, 0
        add   r19, r19, IN
        .if SECOND
        add   r5, r22, AT_B + ((IN / 8 - 1) << 24)
        ldma  r5, r19, 0
        add   r19, r19, IN
        .endif
        .if PACKED
        move  r1, r22
        add   r3, r22, AT_A8
        take
        .if SECOND
        add   r1, r22, AT_B
        add   r3, r22, AT_B8
        take
        .endif
        add   r1, r22, AT_A8            ; what `work` finds: operands and the place of the result
        add   r2, r22, AT_B8
        .else
        move  r1, r22
        add   r2, r22, AT_B
        .endif
        add   r3, r22, RESULT
        work
        add   r5, r22, RESULT + ((OUT / 8 - 1) << 24)
        sdma  r5, r18, 0
        add   r18, r18, OUT
        sub   r17, r17, 1, nz, row
done:   stop  true, done
        .include "lib/mul32.s"

        .data
        .balign 8
args:   .space 64
jobs:   .space 16*24
rows:   .space 4*64
table:  .space 4096 + 16
frames: .space 8
