// trees DEPTH: binary trees made and freed by malloc and free, many short-lived ones beside one that stays; prints how many nodes it has counted.
#include <stdio.h>
#include <stdlib.h>

typedef struct Node {
  struct Node *left, *right;
} Node;

static Node *make(int depth) {
  Node *node = malloc(sizeof *node);
  node->left = depth > 0 ? make(depth - 1) : 0;
  node->right = depth > 0 ? make(depth - 1) : 0;
  return node;
}

static long count(const Node *node) { return node == 0 ? 0 : 1 + count(node->left) + count(node->right); }

static void drop(Node *node) {
  if (node == 0) return;
  drop(node->left);
  drop(node->right);
  free(node);
}

int main(int argc, char **argv) {
  int depth = argc > 1 ? atoi(argv[1]) : 16;
  long nodes = 0;
  Node *stays = make(depth);
  for (int d = 4; d <= depth; d += 4)
    for (long i = 1L << (depth - d + 4); i > 0; i--) {
      Node *tree = make(d);
      nodes += count(tree);
      drop(tree);
    }
  printf("%ld\n", nodes + count(stays));
  drop(stays);
  return 0;
}
